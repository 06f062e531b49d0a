"""What a piece of work adds to its own process at its peak."""

from __future__ import annotations

import os
import resource
from contextlib import suppress
from pathlib import Path

from processing.memory.units import KIB

#: The kernel forgets a process's peak when "5" is written here (proc(5), since Linux 4.0).
CLEAR_REFS = Path("/proc/self/clear_refs")
FORGET_PEAK = b"5"


class PeakMeter:
    """Measures one piece of work after the other, of all threads of this process together.

    For a process that was forked and goes on with the same program: after an exec the peak of who
    did it counts as this one's own (setmax_mm_hiwater_rss in Linux's fs/exec.c), and what stays
    below is not seen. Child processes are not in it, and what was resident before and is used
    again is not either. Other systems than Linux cannot tell.
    """

    def __init__(self) -> None:
        self._size_bytes: int | None = None

    def begin(self) -> None:
        """The work begins."""
        self._size_bytes = None
        with suppress(OSError):
            descriptor = os.open(CLEAR_REFS, os.O_WRONLY)
            try:
                os.write(descriptor, FORGET_PEAK)
            finally:
                os.close(descriptor)
            self._size_bytes = _read_peak()

    def read(self) -> int | None:
        """The bytes that it has added at most; None where the kernel does not tell."""
        return None if self._size_bytes is None else max(0, _read_peak() - self._size_bytes)


def _read_peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIB
