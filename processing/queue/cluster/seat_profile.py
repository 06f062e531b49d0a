"""The allocation profile of the task that a seat runs, told to the supervisor while it runs."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import FrameType

from processing.memory.growth import find_frame
from processing.memory.profiler import AllocationProfiler, Profile
from processing.queue.claims import Delivery
from processing.queue.cluster.channel import pack_message


class SeatProfile:
    """Of one task after the other; `write` sends a message, and raises OSError where it cannot."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self._pid = os.getpid()
        self._profiler: AllocationProfiler | None = None

    def begin(self, delivery: Delivery, *, limit_bytes: int) -> None:
        """The task begins; it may add so much."""
        tell = partial(self._tell, delivery)
        profiler = AllocationProfiler(tell, limit_bytes=limit_bytes)
        profiler.start()
        self._profiler = profiler

    def see_last(self, frame: FrameType | None) -> None:
        """It is about to be broken off at `frame`: what it holds now is its last profile.

        A child process that the task forked hears of it too, and is not what is profiled.
        """
        if self._profiler is not None and os.getpid() == self._pid:
            self._profiler.see_last(find_frame(frame))

    def see_no_more(self) -> None:
        """It was broken off: its last profile was told."""
        if self._profiler is not None:
            self._profiler.see_no_more()

    def end(self) -> None:
        """It has ended, where one was profiled."""
        if self._profiler is not None:
            self._profiler.stop()
            self._profiler = None

    def _tell(self, delivery: Delivery, profile: Profile) -> None:
        message = {"job": delivery.job_id.hex, "delivery": delivery.number, "profile": profile}
        with suppress(OSError):
            self._write(pack_message(message))
