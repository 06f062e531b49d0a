"""Bodies in tiny chunks: what one read brings of them is handed on as one piece."""

from __future__ import annotations

from collections.abc import Callable

#: A piece of so many bytes is worth the way through the application; smaller ones are joined.
JOIN_BELOW_BYTES = 4096


class ChunkJoiner:
    """Joins the small pieces of a read and counts them; larger ones go on as they are.

    `receive` takes a piece of the body; nothing is copied but what is joined.
    """

    def __init__(self, receive: Callable[[bytes], None]) -> None:
        self._receive = receive
        self._joined = bytearray()
        self._count = 0

    def add(self, piece: bytes) -> None:
        """Take the next piece of the body."""
        self._count += 1
        if len(piece) < JOIN_BELOW_BYTES:
            self._joined += piece
        else:
            self.flush()
            self._receive(piece)

    def flush(self) -> None:
        """Hand on what was joined: at the end of a read, and before the body's end is told."""
        if self._joined:
            joined, self._joined = bytes(self._joined), bytearray()
            self._receive(joined)

    def take_count(self) -> int:
        """How many pieces were added since this was last asked."""
        count, self._count = self._count, 0
        return count
