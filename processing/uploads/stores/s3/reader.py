"""Reading an object as a seekable stream."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from processing.uploads.seekable_stream import SeekableStream
from processing.uploads.stores.s3.bucket import ATTEMPT_COUNT, FAILURES, MIB, Bucket

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

#: What is held of an object that is read; most of what is read in small pieces comes from here.
BUFFER_BYTES = 64 * 1024
#: The most that is taken from the connection at once, whatever the reader asks for.
READ_BYTES = MIB
#: What one request asks for: little after a seek, since a reader that jumps about throws the rest
#: away, and twice as much each time that it reads on. It is streamed, never held.
FIRST_WINDOW_BYTES = MIB
LAST_WINDOW_BYTES = 64 * MIB


def open_object(bucket: Bucket, key: str) -> BinaryIO:
    """An object for reading and seeking. Raises FileNotFoundError, StoreUnavailable, and the
    latter from every read."""
    head = bucket.call("head_object", Key=key)
    raw = _ObjectReader(bucket, key, size_bytes=head["ContentLength"])
    return cast(BinaryIO, io.BufferedReader(raw, BUFFER_BYTES))


class _ObjectReader(SeekableStream):
    """Asks for an object window by window. A connection that breaks is replaced where it was.

    So a slow reader, whose connection the service has closed meanwhile, goes on all the same.
    """

    def __init__(self, bucket: Bucket, key: str, *, size_bytes: int) -> None:
        super().__init__(size_bytes)
        self._bucket = bucket
        self._key = key
        self._window_bytes = FIRST_WINDOW_BYTES
        self._window_end = 0
        self._body: Any = None

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        before = self._position
        position = super().seek(offset, whence)
        if position != before:
            self._drop_body()
            self._window_bytes = FIRST_WINDOW_BYTES
        return position

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        wanted_bytes = min(len(view), self._size_bytes - self._position, READ_BYTES)
        if wanted_bytes <= 0:
            return 0
        chunk = self._read(wanted_bytes)
        view[: len(chunk)] = chunk
        self._position += len(chunk)
        return len(chunk)

    def close(self) -> None:
        """Give the connection up, unless all of its window was read."""
        self._drop_body()
        super().close()

    def _read(self, wanted_bytes: int) -> bytes:
        """At least one byte from the position on."""
        for attempts_left in reversed(range(ATTEMPT_COUNT)):
            if self._body is None or self._position >= self._window_end:
                self._open_window()
            try:
                chunk: bytes = self._body.read(wanted_bytes)
            except (*FAILURES, OSError) as error:
                self._drop_body()
                if not attempts_left:
                    raise self._bucket.fail(error) from error
            else:
                if chunk:
                    return chunk
                self._drop_body()
        raise self._bucket.fail(EOFError(f"{self._key} ends at {self._position}"))

    def _open_window(self) -> None:
        self._drop_body()
        end = min(self._position + self._window_bytes, self._size_bytes)
        asked = f"bytes={self._position}-{end - 1}"
        self._body = self._bucket.call("get_object", Key=self._key, Range=asked)["Body"]
        self._window_end = end
        self._window_bytes = min(2 * self._window_bytes, LAST_WINDOW_BYTES)

    def _drop_body(self) -> None:
        body, self._body = self._body, None
        if body is not None:
            body.close()
