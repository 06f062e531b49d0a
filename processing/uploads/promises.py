"""What running uploads have promised to bring, counted over all processes of a web."""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Iterable

ROW_COUNT = 256
"""Processes of a web at once. The plan makes 8 at most; whoever sets more has fewer than this."""


class Row(ctypes.Structure):
    """What one process has been promised. Each field is eight bytes and written at once, by that
    process alone."""

    owed_bytes: int
    """Of the running uploads, what is yet to be written."""

    whole_bytes: int
    """The same and what is written already."""

    _fields_ = (("owed_bytes", ctypes.c_uint64), ("whole_bytes", ctypes.c_uint64))


class Promises:
    """A page of memory that gunicorn's master shares with the processes that it forks.

    The master gives each process a row and clears the row of one that has died, however it died.
    """

    def __init__(self) -> None:
        size_bytes = ROW_COUNT * ctypes.sizeof(Row)
        self._rows = (Row * ROW_COUNT).from_buffer(mmap.mmap(-1, size_bytes))
        self._own = self._rows[0]

    def find_free_row(self, taken: Iterable[int]) -> int:
        """The first row that none of the living processes has, cleared."""
        free = min(set(range(ROW_COUNT)).difference(taken))
        self.clear_row(free)
        return free

    def clear_row(self, index: int) -> None:
        """Forget what a process has been promised."""
        self._rows[index].owed_bytes = self._rows[index].whole_bytes = 0

    def use_row(self, index: int) -> None:
        """From now on this process counts in that row."""
        self._own = self._rows[index]

    def add(self, *, owed_bytes: int, whole_bytes: int) -> None:
        """Count so much more for this process, or less where it is negative."""
        self._own.owed_bytes += owed_bytes
        self._own.whole_bytes += whole_bytes

    @property
    def owed_bytes(self) -> int:
        """What all processes have yet to write."""
        return sum(row.owed_bytes for row in self._rows)

    @property
    def whole_bytes(self) -> int:
        """The lengths of what all processes receive now, as far as they are known."""
        return sum(row.whole_bytes for row in self._rows)


#: Made when the master loads the application.
promises = Promises()
