"""Reading the store from the event loop, chunk by chunk."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import BinaryIO

from processing.uploads.disk import CHUNK_BYTES, finish_on_disk_thread, on_disk_thread
from processing.uploads.store import open_stored


async def stream_stored(
    name: str, start: int = 0, length: int | None = None
) -> AsyncGenerator[bytes, None]:
    """Yield a stored file, or `length` bytes of it from `start`, in chunks of up to 64 KiB.

    The file is closed at the end, on an error, on cancellation and on aclose(). Raises
    FileNotFoundError at the first chunk if there is no such file; see stored_size.
    """
    reader = _Reader(name, start, length)
    try:
        while chunk := await on_disk_thread(reader.read_chunk):
            yield chunk
    finally:
        await finish_on_disk_thread(reader.close)


class _Reader:
    """A stored file that is opened, read and closed on the disk thread alone.

    It keeps the open file itself, so that one whose opening was still under way when the task was
    cancelled is closed too.
    """

    def __init__(self, name: str, start: int, length: int | None) -> None:
        self._name = name
        self._start = start
        self._remaining = length
        self._file: BinaryIO | None = None

    def read_chunk(self) -> bytes:
        if self._file is None:
            self._file = open_stored(self._name)
            self._file.seek(self._start)
        if self._remaining is None:
            return self._file.read(CHUNK_BYTES)
        chunk = self._file.read(min(CHUNK_BYTES, self._remaining))
        self._remaining -= len(chunk)
        return chunk

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
