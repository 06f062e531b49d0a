"""Writing an upload on the disk thread while the event loop reads on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from processing.uploads.admission import SpacePromise
from processing.uploads.disk import finish_on_disk_thread, on_disk_thread, start_on_disk_thread
from processing.uploads.handler import SpooledFile, SpoolUploadHandler

if TYPE_CHECKING:
    from multipart import MultipartSegment  # type: ignore[import-untyped]

BLOCK_BYTES = SpoolUploadHandler.chunk_size
"""Small network chunks are gathered up to so much: a switch to the thread and back costs more
than hashing a few bytes."""


class SpoolWriter:
    """Feeds one file to a SpoolUploadHandler, with at most one write in flight.

    So an upload holds a block that is being written and less than a block that is being gathered.
    Errors of a write come with the next call. After any error, discard() leaves nothing behind.
    """

    def __init__(self, promise: SpacePromise) -> None:
        self._promise = promise
        self._handler = SpoolUploadHandler()
        self._gathered = bytearray()
        self._in_flight: asyncio.Future[None] | None = None
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
        """Take bytes; waits only while two blocks are full. Raises DiskFull, UploadTooLarge."""
        if not self._gathered and len(data) >= BLOCK_BYTES:
            await self._send(data)
            return
        self._gathered += data
        if len(self._gathered) >= BLOCK_BYTES:
            await self._send_gathered()

    async def finish(self) -> SpooledFile:
        """Write the rest and return the complete file; errors are those of write()."""
        await self._send_gathered()
        await self._settle()
        return await on_disk_thread(self._handler.file_complete, self._sent_bytes)

    async def discard(self) -> None:
        """Remove the file, complete or not, even if the calling task is cancelled meanwhile."""
        if self._in_flight is not None:
            self._in_flight.cancel()  # also if it has failed: then no one is told of its error
        await finish_on_disk_thread(self._handler.upload_interrupted)

    async def _send_gathered(self) -> None:
        block = bytes(self._gathered)
        self._gathered.clear()
        await self._send(block)

    async def _send(self, block: bytes) -> None:
        await self._settle()
        self._promise.record_written(len(block))
        self._in_flight = start_on_disk_thread(self._feed, block, self._sent_bytes)
        self._sent_bytes += len(block)

    async def _settle(self) -> None:
        if self._in_flight is not None:
            await self._in_flight

    def _feed(self, block: bytes, position: int) -> None:
        for start in range(0, len(block), BLOCK_BYTES):
            self._handler.receive_data_chunk(block[start : start + BLOCK_BYTES], position + start)
