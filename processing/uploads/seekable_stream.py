"""Reading from anywhere, for streams whose bytes are somewhere else than in a file of the disk."""

from __future__ import annotations

import io


class SeekableStream(io.RawIOBase):
    """A stream of `size_bytes`, read at a position that is only noted; its `readinto` reads there
    and moves `_position` on."""

    def __init__(self, size_bytes: int) -> None:
        self._size_bytes = size_bytes
        self._position = 0

    def readable(self) -> bool:
        """Tell the wrapping classes of `io` that this can be read."""
        return True

    def seekable(self) -> bool:
        """Tell them that it has any order."""
        return True

    def tell(self) -> int:
        """The position in bytes: where the next read begins."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to a position, behind the end too, where there is nothing to read."""
        starts = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size_bytes}
        position = starts[whence] + offset
        if position < 0:
            raise ValueError(f"negative seek position {position}")
        self._position = position
        return position
