"""Whether a seat has become too large to go on: then a new one takes its place."""

from __future__ import annotations

import os

from processing.memory.sizes import LARGE_TASK_BYTES, SEAT_GROWTH_BYTES
from processing.memory.status import read_held_bytes
from processing.memory.trim import trim_memory
from processing.queue.cluster.board import Slot


class SeatSize:
    """Of this process, from its fork on. Its slot tells the supervisor, who says why it ends."""

    def __init__(self, slot: Slot) -> None:
        self._slot = slot
        self._pid = os.getpid()
        self._start_bytes = read_held_bytes(self._pid)
        slot.start(self._start_bytes)

    def is_grown(self, *, held_bytes: int, peak_bytes: int) -> bool:
        """Whether the seat should end, after a task that began at `held_bytes` and added a peak.

        Looks only where it may be so, and gives back first what a large task has freed.
        """
        grown_bytes = held_bytes - self._start_bytes
        if peak_bytes < LARGE_TASK_BYTES and grown_bytes + peak_bytes < SEAT_GROWTH_BYTES:
            return False
        trim_memory()
        size_bytes = read_held_bytes(self._pid)
        if size_bytes - self._start_bytes < SEAT_GROWTH_BYTES:
            return False
        self._slot.make_way(size_bytes)
        return True
