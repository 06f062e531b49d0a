"""Holding an upload while a request works on it, so that no two ever write to it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from typing import TypeAlias
from uuid import UUID

from django.db import DatabaseError, InterfaceError

from processing.errors import UploadExpired, UploadLocked
from processing.models import ResumableUpload
from processing.queue.resumable import (
    LEASE_SECONDS,
    RENEW_SECONDS,
    Hold,
    ask_for,
    check_is_there,
    content,
    give_up,
    let_go,
    make_holder,
    renew,
    start_provisional,
    take,
)
from processing.queue.resumable.content import Resumed
from processing.uploads.digest import DigestState
from processing.uploads.store_threads import on_store_thread
from processing.web.database import in_database
from processing.web.draining import is_draining

Progress: TypeAlias = tuple[int, DigestState | None]

#: How long a request waits for one that holds the upload, in seconds: a holder elsewhere looks for
#: who waits when it renews, and then has its bytes to write.
WAIT_SECONDS = RENEW_SECONDS + 3.0
#: How often it tries, in seconds: first soon, for a holder that was just ending.
TRY_FIRST_SECONDS, TRY_MOST_SECONDS = 0.05, 0.5
#: How often a holder looks whether the process is told to stop, in seconds.
LOOK_SECONDS = 0.5
#: One that has written nothing since it last renewed does so again after this long, in seconds: its
#: client may be the one that waits.
SILENT_RENEW_SECONDS = 2.0
#: A renewal that does not come through in this time counts for nothing, in seconds.
LEASE_MARGIN_SECONDS = 2.0


class Ending(Enum):
    """Why a holder has to end its work."""

    WANTED = "another request wants the upload"
    LOST = "another request has it"
    STOPPING = "the process is told to stop"


class HeldUpload:
    """An upload that a request of this process holds; an async context manager.

    `ending` has a result when the work has to end. The lease is renewed until the block is left,
    with what `tell_progress` says: the offset and the digest that are good so far. At the end that
    is what the row says, if it `has_progress`; otherwise the row stays as it is. `is_settled` is
    set by whoever has let go in a statement of its own. `taken_at` is of the monotonic clock, in
    seconds, and from before it was taken.
    """

    def __init__(self, upload: ResumableUpload, holder: str, taken_at: float) -> None:
        self.upload = upload
        self.holder = holder
        self.ending: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self.is_over = asyncio.Event()
        self.is_settled = False
        self.has_progress = False
        self._is_lost = False
        progress = (upload.offset, _read_state(upload))
        self.tell_progress: Callable[[], Progress] = lambda: progress
        self._renewed_at = taken_at
        self._renewed_offset = upload.offset
        self._keeping: asyncio.Task[None] | None = None

    async def __aenter__(self) -> HeldUpload:
        _held_here[self.upload.pk] = self
        self._keeping = asyncio.create_task(self._keep())
        return self

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        assert self._keeping is not None, "it was entered"
        self._keeping.cancel()
        await asyncio.wait({self._keeping})
        try:
            # What was done is not what another has begun with, and what failed did so for that.
            if not await self._let_go() and (error is None or isinstance(error, OSError)):
                await in_database(check_is_there, self.upload.pk)
                raise UploadLocked
        finally:
            if _held_here.get(self.upload.pk) is self:
                del _held_here[self.upload.pk]
            self.is_over.set()

    @property
    def is_lost(self) -> bool:
        """Whether another may write by now; asked before each write."""
        if self.has_run_out():
            self.hand_over(Ending.LOST)
        return self._is_lost

    def has_run_out(self) -> bool:
        """The same, for a store thread: it changes nothing."""
        lost_at = self._renewed_at + LEASE_SECONDS - LEASE_MARGIN_SECONDS
        return self._is_lost or time.monotonic() >= lost_at

    def hand_over(self, ending: Ending = Ending.WANTED) -> None:
        """Have the work end."""
        self._is_lost = self._is_lost or ending is Ending.LOST
        if not self.ending.done():
            self.ending.set_result(ending)

    async def resume(self) -> Resumed:
        """Where it goes on. Raises UploadLocked, DiskFull, OSError, and UploadExpired where the
        store has nothing of it."""
        with gone_with_its_bytes():
            resumed = await on_store_thread(content.resume, self.upload, self.has_run_out)
        if self.upload.provisional_from is not None:
            if not await in_database(start_provisional, self.upload.pk, self.holder, None):
                raise UploadLocked
            self.upload.provisional_from = None
        self.has_progress = True
        progress = (resumed.offset, resumed.digest.export())
        self.tell_progress = lambda: progress
        if self.upload.digest_offset > resumed.offset:
            await self._forget_digest(progress)
        return resumed

    async def _forget_digest(self, progress: Progress) -> None:
        """Have the row say nothing of bytes that are gone: others may come in their place."""
        if await in_database(renew, self.upload.pk, self.holder, *progress) is Hold.LOST:
            raise UploadLocked

    async def _let_go(self) -> bool:
        if self.is_settled:
            return True
        key, holder = self.upload.pk, self.holder
        if self.has_progress:
            return await in_database(let_go, key, holder, *self.tell_progress())
        return await in_database(give_up, key, holder)

    async def _keep(self) -> None:
        while not self.is_lost:
            await asyncio.sleep(LOOK_SECONDS)
            if is_draining():
                self.hand_over(Ending.STOPPING)
            if time.monotonic() >= self._renewed_at + self._find_pause_seconds():
                await self._renew()

    def _find_pause_seconds(self) -> float:
        is_silent = self.tell_progress()[0] == self._renewed_offset
        return SILENT_RENEW_SECONDS if is_silent else RENEW_SECONDS

    async def _renew(self) -> None:
        began_at, progress = time.monotonic(), self.tell_progress()
        left_seconds = self._renewed_at + LEASE_SECONDS - LEASE_MARGIN_SECONDS - began_at
        try:
            async with asyncio.timeout(left_seconds):
                answer = await in_database(renew, self.upload.pk, self.holder, *progress)
        except (TimeoutError, DatabaseError, InterfaceError):
            return  # `is_lost` tells when it was too long ago
        self._renewed_at, self._renewed_offset = began_at, progress[0]
        if answer is not Hold.OURS:
            self.hand_over(Ending.LOST if answer is Hold.LOST else Ending.WANTED)


async def hold(upload_id: UUID) -> HeldUpload:
    """Take an upload, and have whoever holds it let go; to be entered at once.

    Raises NoSuchUpload, and UploadLocked after WAIT_SECONDS.
    """
    holder, pause_seconds = make_holder(), TRY_FIRST_SECONDS
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        await _wait_for_ours(upload_id, deadline)
        taken_at = time.monotonic()
        upload = await in_database(take, upload_id, holder)
        if upload is not None:
            return HeldUpload(upload, holder, taken_at)
        if time.monotonic() >= deadline:
            raise UploadLocked
        await in_database(ask_for, upload_id)
        await asyncio.sleep(pause_seconds)
        pause_seconds = min(2 * pause_seconds, TRY_MOST_SECONDS)


async def _wait_for_ours(upload_id: UUID, deadline: float) -> None:
    if other := _held_here.get(upload_id):
        other.hand_over()
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0, deadline - time.monotonic())):
                await other.is_over.wait()


@contextmanager
def gone_with_its_bytes() -> Iterator[None]:
    """Turn a missing file into UploadExpired: the client has to begin anew."""
    try:
        yield
    except FileNotFoundError as error:
        raise UploadExpired("The store has nothing of this upload any more.") from error


def _read_state(upload: ResumableUpload) -> DigestState | None:
    if upload.digest_state is None:
        return None
    return DigestState(bytes(upload.digest_state), upload.digest_offset)


#: By upload, what requests of this process hold: their work can be ended at once.
_held_here: dict[UUID, HeldUpload] = {}
