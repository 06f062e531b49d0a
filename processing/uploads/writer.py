"""Writing an upload on the disk thread while the event loop reads on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from processing.uploads.disk import finish_on_disk_thread, on_disk_thread, start_on_disk_thread
from processing.uploads.handler import SpooledFile, SpoolUploadHandler
from processing.uploads.in_flight import InFlight
from processing.uploads.space import SpacePromise

if TYPE_CHECKING:
    from multipart import MultipartSegment  # type: ignore[import-untyped]

BLOCK_BYTES = SpoolUploadHandler.chunk_size
"""Small network chunks are gathered up to so much: a switch to the thread and back costs more
than hashing a few bytes."""

CROWD_COUNT = 8
"""When so many writes are in flight, the disk is busy without anybody reading ahead."""

_writes: set[asyncio.Future[None]] = set()


class SpoolWriter:
    """Feeds one file to a SpoolUploadHandler, with at most two writes in flight.

    So an upload holds two blocks and less than one more that is being gathered; in a crowd one.
    Errors of a write come with a later call. After any error, discard() leaves nothing behind.
    """

    def __init__(self, promise: SpacePromise) -> None:
        self._promise = promise
        self._handler = SpoolUploadHandler()
        self._gathered = bytearray()
        self._in_flight = InFlight()
        self._sent_bytes = 0

    async def start(self, segment: MultipartSegment, filename: str) -> None:
        """Make the file for a part of the form; DiskFull if there is no room for it."""
        await on_disk_thread(
            self._handler.new_file,
            segment.name,
            filename,
            segment.content_type or "",
            None,
            segment.charset,
        )

    async def write(self, data: bytes) -> None:
        """Take bytes; waits while two blocks are on their way. Raises DiskFull, UploadTooLarge."""
        if not self._gathered and len(data) >= BLOCK_BYTES:
            await self._send(data)
            return
        self._gathered += data
        if len(self._gathered) >= BLOCK_BYTES:
            await self._send_gathered()

    async def finish(self) -> SpooledFile:
        """Write the rest and return the complete file; errors are those of write()."""
        await self._send_gathered()
        await self._in_flight.settle()
        return await on_disk_thread(self._handler.file_complete, self._sent_bytes)

    async def discard(self) -> None:
        """Remove the file, complete or not, even if the calling task is cancelled meanwhile."""
        self._in_flight.take_back()
        await finish_on_disk_thread(self._handler.upload_interrupted)

    async def _send_gathered(self) -> None:
        block = bytes(self._gathered)
        self._gathered.clear()
        await self._send(block)

    async def _send(self, block: bytes) -> None:
        await self._in_flight.make_room()
        await self._promise.record_written(len(block))
        write = start_on_disk_thread(self._feed, block, self._sent_bytes)
        self._in_flight.add(write)
        self._sent_bytes += len(block)
        _writes.add(write)
        write.add_done_callback(_writes.discard)
        if len(_writes) > CROWD_COUNT:
            await self._in_flight.settle()

    def _feed(self, block: bytes, position: int) -> None:
        self._handler.receive_data_chunk(block, position)
