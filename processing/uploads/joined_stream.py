"""Reading several stored files as one: the parts of an upload that was sent in parts."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, cast

from processing.uploads.seekable_stream import SeekableStream
from processing.uploads.store import open_stored

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

#: The folder of names that stand for no file of their own: `joined/<hex>`.
JOINED = "joined"
#: What reading a line or a few bytes holds in memory, beside the open part's own buffer.
BUFFER_BYTES = 64 * 1024


class Part(NamedTuple):
    """A stored file and its size in bytes."""

    name: str
    size_bytes: int


def is_joined(stored_name: str) -> bool:
    """Whether the name stands for parts instead of a file."""
    return stored_name.startswith(f"{JOINED}/")


def open_joined(parts: Sequence[Part]) -> BinaryIO:
    """The bytes of `parts` one after the other, for reading and seeking; one is open at a time.

    Raises FileNotFoundError, now or when it is read, for a part that is gone.
    """
    return cast(BinaryIO, io.BufferedReader(JoinedStream(parts), BUFFER_BYTES))


class JoinedStream(SeekableStream):
    """The bytes of several stored files, of which the one that is read is open."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = [part for part in parts if part.size_bytes]
        self._ends = list(accumulate(part.size_bytes for part in self._parts))
        super().__init__(self._ends[-1] if self._ends else 0)
        self._opened: tuple[int, BinaryIO] | None = None
        if self._parts:
            self._open_part(0)

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Read on within one part. Raises OSError for a part that is shorter than it was."""
        if self.closed:
            raise ValueError("read of closed stream")
        view = memoryview(buffer).cast("B")
        number = bisect_right(self._ends, self._position)
        if number == len(self._parts) or not view:
            return 0
        data = self._read_part(number, min(len(view), self._ends[number] - self._position))
        view[: len(data)] = data
        self._position += len(data)
        return len(data)

    def close(self) -> None:
        """Close the part that is open. May be called again."""
        self._close_part()
        super().close()

    def _read_part(self, number: int, most_bytes: int) -> bytes:
        name, size_bytes = self._parts[number]
        file = self._open_part(number)
        file.seek(self._position - (self._ends[number] - size_bytes))
        data = file.read(most_bytes)
        if not data:
            raise OSError(f"{name} has less than its {size_bytes} bytes.")
        return data

    def _open_part(self, number: int) -> BinaryIO:
        if self._opened is None or self._opened[0] != number:
            self._close_part()
            self._opened = number, open_stored(self._parts[number].name)
        return self._opened[1]

    def _close_part(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            opened[1].close()
