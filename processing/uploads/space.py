"""Whether there is room for the bytes of an upload, and the promise that keeps it while they come.

There are three bounds: the disk that receives, the disk of the store, and all that may be kept.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import TypeAlias

from django.conf import settings

from processing.errors import DiskFull
from processing.uploads.promises import promises
from processing.uploads.spool import INCOMING, make_spool_folder
from processing.uploads.store import get_store
from processing.uploads.store_threads import on_store_thread
from processing.uploads.stores.folder import FolderStorage

RECHECK_EVERY_BYTES = 16 * 1024 * 1024
"""An upload that promised no length looks again after so many bytes. A look costs a fraction of a
millisecond; the default reserve is 16 such steps."""


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """What the database knows of the store, in bytes."""

    kept_bytes: int = 0
    """Of all that is in the store and all that was promised to it."""

    promised_bytes: int = 0
    """Of it, what has yet to come."""


CountElsewhere: TypeAlias = Callable[[], Awaitable[Elsewhere]]


async def count_nothing() -> Elsewhere:
    """For whoever has no database."""
    return Elsewhere()


@dataclass(frozen=True, kw_only=True)
class Demand:
    """What the bytes of one request take."""

    expected_bytes: int | None
    """So many come; None where that is not known."""

    spool_bytes: int
    """So many of them, at most, are on the disk of the spool at once."""

    fills_spool: bool = True
    """Whether what comes lies there until all has come; otherwise it comes and goes."""

    is_new: bool = True
    """Whether the database does not count them yet, as it does those of a known length."""


class SpacePromise:
    """The bytes of one running upload: as many as it said, or as many as have come."""

    def __init__(self, demand: Demand, count_elsewhere: CountElsewhere) -> None:
        self._demand = demand
        self._count_elsewhere = count_elsewhere
        self._left_bytes = demand.expected_bytes or 0
        self._whole_bytes = self._left_bytes if demand.is_new else 0
        self.owed_bytes = demand.spool_bytes
        self._unchecked_bytes = 0
        promises.add(owed_bytes=self.owed_bytes, whole_bytes=self._whole_bytes)

    async def record_written(self, count_bytes: int) -> None:
        """Count bytes as written; raise DiskFull when unpromised ones have used the room up."""
        unpromised_bytes = max(0, count_bytes - self._left_bytes)
        self._left_bytes -= count_bytes - unpromised_bytes
        kept_bytes = min(count_bytes, self.owed_bytes) if self._demand.fills_spool else 0
        self.owed_bytes -= kept_bytes
        new_bytes = unpromised_bytes if self._demand.is_new else 0
        self._whole_bytes += new_bytes
        promises.add(owed_bytes=-kept_bytes, whole_bytes=new_bytes)
        self._unchecked_bytes += unpromised_bytes
        if self._unchecked_bytes >= RECHECK_EVERY_BYTES:
            self._unchecked_bytes = 0
            await self.check()

    async def check(self) -> None:
        """Raise DiskFull where the promises that were made, this one too, cannot be kept."""
        elsewhere = await self._count_elsewhere()
        if self._demand.is_new:
            _check_total(elsewhere)
        await on_store_thread(_check_disks, elsewhere)

    def end(self) -> None:
        """The upload is over, one way or the other."""
        promises.add(owed_bytes=-self.owed_bytes, whole_bytes=-self._whole_bytes)


def promise_space(
    expected_bytes: int | None, count_elsewhere: CountElsewhere = count_nothing
) -> AbstractAsyncContextManager[SpacePromise]:
    """Count the length of a running upload that is spooled as taken; None (a chunked body) promises
    nothing.

    Raises DiskFull where that would leave less than UPLOAD_MIN_FREE_BYTES free on the disk of the
    spool or the store, or where more than UPLOAD_MAX_TOTAL_BYTES would be kept.
    """
    demand = Demand(expected_bytes=expected_bytes, spool_bytes=expected_bytes or 0)
    return _promise(demand, count_elsewhere)


@asynccontextmanager
async def promise_piece(
    offset: int,
    size_bytes: int | None,
    count_elsewhere: CountElsewhere,
    *,
    is_provisional: bool = False,
    is_known: bool = False,
) -> AsyncIterator[SpacePromise | None]:
    """Like promise_space, for bytes that are appended at `offset` of a file in the store.

    Of an upload that `is_known` they were promised when that was created, all but what the store
    has on the spool disk meanwhile; None where that is nothing.
    """
    spool_bytes = get_store().find_spool_bytes(offset, size_bytes, is_provisional=is_provisional)
    if is_known and not spool_bytes:
        yield None
        return
    fills_spool = is_provisional
    if not is_known and await on_store_thread(_is_store_on_spool_disk):
        spool_bytes, fills_spool = size_bytes or 0, True
    demand = Demand(
        expected_bytes=size_bytes,
        spool_bytes=spool_bytes,
        fills_spool=fills_spool,
        is_new=not is_known,
    )
    async with _promise(demand, count_nothing if is_known else count_elsewhere) as promise:
        yield promise


@asynccontextmanager
async def _promise(demand: Demand, count_elsewhere: CountElsewhere) -> AsyncIterator[SpacePromise]:
    """The promise is made before it is checked, so that of two processes that look together not
    both say yes."""
    promise = SpacePromise(demand, count_elsewhere)
    try:
        await promise.check()
        yield promise
    finally:
        promise.end()


def _check_total(elsewhere: Elsewhere) -> None:
    total_bytes = elsewhere.kept_bytes + promises.whole_bytes
    if total_bytes > settings.UPLOAD_MAX_TOTAL_BYTES:
        raise DiskFull(
            f"With this upload {total_bytes} bytes would be kept, more than "
            f"{settings.UPLOAD_MAX_TOTAL_BYTES} (UPLOAD_MAX_TOTAL_BYTES)."
        )


def _check_disks(elsewhere: Elsewhere) -> None:
    """Files are received in the spool and then moved to the store, unless both are one disk."""
    spool, store = make_spool_folder(INCOMING), get_store()
    owed_bytes = promises.owed_bytes
    if _is_store_on_spool_disk():
        owed_bytes += elsewhere.promised_bytes
    elif (free_bytes := store.find_free_bytes()) is not None:
        _check_free(free_bytes - elsewhere.promised_bytes - promises.whole_bytes, "store")
    _check_free(shutil.disk_usage(spool).free - owed_bytes, "spool")


def _is_store_on_spool_disk() -> bool:
    store = get_store()
    return isinstance(store, FolderStorage) and _is_one_disk(make_spool_folder(INCOMING), store)


def _is_one_disk(spool: os.PathLike[str], store: FolderStorage) -> bool:
    store.find_free_bytes()  # makes the folder
    return os.stat(spool).st_dev == os.stat(store.location).st_dev


def _check_free(left_bytes: int, where: str) -> None:
    if left_bytes < settings.UPLOAD_MIN_FREE_BYTES:
        raise DiskFull(
            f"With this upload less than {settings.UPLOAD_MIN_FREE_BYTES} bytes "
            f"(UPLOAD_MIN_FREE_BYTES) would stay free on the disk of the {where}."
        )
