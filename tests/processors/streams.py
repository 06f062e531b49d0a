"""Streams of any size that hold next to nothing."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import cycle, islice


class GeneratedStream(io.RawIOBase):
    """A binary stream that makes its bytes while it is read; it knows the longest read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = b""
        self.longest_read_bytes = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        assert size > 0, "a source has to be read in bounded pieces"
        self.longest_read_bytes = max(self.longest_read_bytes, size)
        self._left = self._left or next(self._pieces, b"")
        piece, self._left = self._left[:size], self._left[size:]
        return piece


class Discard(io.RawIOBase):
    """A sink that counts what it is given and forgets it."""

    def __init__(self) -> None:
        self.size_bytes = 0

    def writable(self) -> bool:
        return True

    def write(self, piece: bytes) -> int:
        self.size_bytes += len(piece)
        return len(piece)


def repeat_pieces(*pieces: bytes, size_bytes: int) -> GeneratedStream:
    """The pieces, all of one length, over and over until there are size_bytes."""
    return GeneratedStream(islice(cycle(pieces), size_bytes // len(pieces[0])))
