"""Appending one request's bytes to an unfinished file while the event loop reads on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Protocol

from processing.errors import UploadLocked
from processing.uploads.digest import ResumableDigest
from processing.uploads.in_flight import DEPTH, InFlight
from processing.uploads.space import SpacePromise
from processing.uploads.store import get_store
from processing.uploads.store_threads import finish_on_store_thread, start_on_store_thread
from processing.uploads.stores.interface import Appender
from processing.uploads.writer import BLOCK_BYTES


class Hash(Protocol):
    """What hashes the bytes of one request beside the file's own digest."""

    def update(self, data: bytes, /) -> object:
        """Take the next bytes."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a piece goes: the store's name of the file, and the offset at which it begins.

    A provisional piece is not known to be good before its end. `is_lost` tells, on a store thread,
    whether another may write there by now.
    """

    stored_name: str
    offset: int
    is_lost: Callable[[], bool]
    is_provisional: bool = False


class PieceWriter:
    """Writes and hashes on a store thread, with at most two blocks in flight; one where the store
    has several threads, for they would overtake each other.

    So a piece holds those, one that waits, and less than one more that is being gathered. After an
    error nothing more is written, and each later call raises it. A task that is cancelled in
    `write` or `flush` loses no byte: `close` writes what is left. The file is opened with the first
    block. A `promise` counts what is written, where nobody promised the room before.
    """

    def __init__(
        self,
        place: Place,
        digest: ResumableDigest,
        promise: SpacePromise | None = None,
        checksum: Hash | None = None,
    ) -> None:
        #: How far the file is written, in bytes from its start.
        self.offset = place.offset
        self._place = place
        self._digest = digest
        self._promise = promise
        self._checksum = checksum
        self._appender: Appender | None = None
        self._gathered = bytearray()
        self._next = b""
        self._in_flight = InFlight(DEPTH if get_store().thread_count <= 1 else 1)
        self._failure: BaseException | None = None

    async def write(self, data: bytes) -> None:
        """Take bytes; waits while enough are on their way.

        Raises DiskFull, OSError, and UploadLocked where the place is lost.
        """
        if self._gathered or len(data) < BLOCK_BYTES:
            self._gathered += data
            if len(self._gathered) >= BLOCK_BYTES:
                self._take_gathered()
        else:
            self._next = data
        await self._send_next()

    async def flush(self) -> None:
        """Write all that was taken. Errors are those of write()."""
        await self._send_next()
        self._take_gathered()
        await self._send_next()
        await self._in_flight.settle()
        if self._failure is not None:
            raise self._failure

    async def close(self) -> int:
        """Write what can be written and keep it; the size of the file in bytes.

        An error of a write was told before; raises what keeping it raises.
        """
        with suppress(Exception):
            await self.flush()
        return await self.drop()

    async def drop(self) -> int:
        """Like `close`, without what is not on its way to the store."""
        await self._in_flight.come_to_rest()
        return await finish_on_store_thread(self._close)

    async def abandon(self) -> None:
        """Have it as if the piece had never come. Raises UploadLocked where the place is lost:
        another may have written behind it."""
        await self._in_flight.come_to_rest()
        await finish_on_store_thread(self._abandon)

    def _take_gathered(self) -> None:
        self._next = bytes(self._gathered)
        self._gathered.clear()

    async def _send_next(self) -> None:
        if self._next:
            await self._in_flight.make_room()
            # After an error the block is still the next one: none is ever left out.
            if self._promise is not None:
                await self._promise.record_written(len(self._next))
            self._in_flight.add(start_on_store_thread(self._feed, self._next))
            self._next = b""

    def _feed(self, block: bytes) -> None:
        if self._failure is not None:
            raise self._failure  # what comes behind a gap is not written
        try:
            self._write(block)
        except BaseException as error:
            self._failure = error
            raise

    def _write(self, block: bytes) -> None:
        with self._fence():
            if self._appender is None:
                self._appender = self._open()
            self._appender.write(block)
        self.offset += len(block)
        # Behind the offset at all times, for whoever reads both from another thread.
        self._digest.update(block, self.offset - len(block))
        if self._checksum is not None:
            self._checksum.update(block)

    @contextmanager
    def _fence(self) -> Iterator[None]:
        """Write nothing once another may: this process may have stood still at any point before."""
        with get_store().lock(self._place.stored_name):
            if self._place.is_lost():
                raise UploadLocked
            yield

    def _open(self) -> Appender:
        place = self._place
        return get_store().append(
            place.stored_name, place.offset, is_provisional=place.is_provisional
        )

    def _close(self) -> int:
        if self._appender is not None:
            # What the store cannot keep was not written, whatever it took before.
            self.offset = self._place.offset
            self.offset = self._appender.close()
        return self.offset

    def _abandon(self) -> None:
        if self._appender is not None:
            try:
                with self._fence():
                    self._appender.abandon()
            except UploadLocked:
                self._appender.close()
                raise
        self.offset = self._place.offset
