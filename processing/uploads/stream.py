"""Reading the store from the event loop, chunk by chunk."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator
from typing import BinaryIO

from processing.uploads.disk import CHUNK_BYTES
from processing.uploads.store import open_stored
from processing.uploads.store_threads import finish_on_store_thread, on_store_thread


async def stream_stored(
    name: str, start: int = 0, length: int | None = None
) -> AsyncGenerator[bytes, None]:
    """Yield a stored file, or `length` bytes of it from `start`, in chunks of up to 64 KiB.

    The file is closed at the end, on an error, on cancellation and on aclose(). Raises
    FileNotFoundError at the first chunk if there is no such file; see stored_size.
    """
    reader = _Reader(name, start, length)
    try:
        while chunk := await on_store_thread(reader.read_chunk):
            yield chunk
    finally:
        await finish_on_store_thread(reader.close)


class _Reader:
    """A stored file that is opened, read and closed on store threads alone.

    It keeps the open file itself, so that one whose opening was still under way when the task was
    cancelled is closed too, once that is done.
    """

    def __init__(self, name: str, start: int, length: int | None) -> None:
        self._name = name
        self._start = start
        self._remaining = length
        self._file: BinaryIO | None = None
        self._lock = threading.Lock()

    def read_chunk(self) -> bytes:
        with self._lock:
            if self._file is None:
                self._file = open_stored(self._name)
                self._file.seek(self._start)
            if self._remaining is None:
                return self._file.read(CHUNK_BYTES)
            chunk = self._file.read(min(CHUNK_BYTES, self._remaining))
            self._remaining -= len(chunk)
            return chunk

    def close(self) -> None:
        with self._lock:
            if self._file is not None:
                self._file.close()
