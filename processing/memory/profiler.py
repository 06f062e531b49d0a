"""Which lines allocate most in a piece of work, told while it runs: it may not live to tell.

A snapshot of tracemalloc takes memory in proportion to the blocks that there are, and the work
waits meanwhile. So one is taken whenever the work has grown by half since the last, as long as it
fits into what the work may still add; and where none fits, the line at which the process grew is
told instead. Measured with Python 3.11 on Linux: a traced block takes 50 bytes, and 190 more for
the moment of a snapshot, of which the system does not get everything back; with 500,000 blocks a
snapshot takes about a second. Work that makes nothing but small objects is 10 to 70 times slower
until it has so many; then it is traced no more, and its growth is told by its line alone.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from processing.memory.allocations import KEPT_FRAMES, LineUse, read_line_uses
from processing.memory.family import Family
from processing.memory.growth import Growth, find_main_frame
from processing.memory.limit import widen_burst_limit
from processing.memory.sizes import BURST_BYTES
from processing.memory.source_lines import Frame
from processing.memory.units import KIB, MIB

logger = logging.getLogger(__name__)

#: The work is looked at so often, in seconds…
LOOK_SECONDS = 0.025
#: …but first after this, and then after twice as long each time: what allocates 10 KB a time has
#: 32 MB after 10 ms.
FIRST_LOOK_SECONDS = 0.001
#: The profiler's thread waits for its turn so long, in seconds; Python's own 5 ms for each step of
#: a look would let such work reach its limit meanwhile.
SWITCH_SECONDS = 0.0002
#: The first snapshot is taken when so much was allocated, and each next one when it is this many
#: times as much: all of them together cost three times the last one. Of work that is broken off one
#: is taken at any size above the last.
FIRST_BYTES = 256 * KIB
STEP = 1.5
#: A snapshot takes this many times what the traces take, and a part of what is left at most.
COST_FACTOR = 4
LEFT_SHARE = 0.5
#: Above this the traces are of so many blocks, about 500,000, that the work would wait too long for
#: a snapshot. Then tracing ends, so that small objects do not go on being made so slowly.
TRACES_MOST_BYTES = 25 * MIB
#: So many lines are told.
TOLD_LINES = 10
#: What no trace tells is told above this, and above this part of all: below, it may be what malloc
#: needs for the traces and for the arena of a thread.
UNTRACED_LEAST_BYTES = 8 * MIB
UNTRACED_LEAST_SHARE = 0.25
#: The end waits so long, in seconds, for a snapshot that is being taken.
STOP_SECONDS = 5.0
#: Work that is to be broken off waits so long for it, in seconds: a look at 79,000 blocks took 0.5,
#: and a busy machine gives it half the turns or less.
LAST_LOOK_SECONDS = 1.5

UNTRACED = "not allocated through Python here: by code in C, or in a child process"
UNSEEN = "the process grew here; there was no room to look closer"

#: The lines as JSON, the largest first; see LineUse.
Profile = list[dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """What this process has grown by with its children, what tracemalloc knows of, and its part.

    `held_bytes` is of this process alone.
    """

    grown_bytes: int
    held_bytes: int
    traced_bytes: int
    traces_bytes: int

    @property
    def other_bytes(self) -> int:
        """What was not allocated through Python here, and what snapshots have left behind."""
        return self.grown_bytes - self.traced_bytes - self.traces_bytes

    @property
    def own_other_bytes(self) -> int:
        """The same of this process alone, and of its start too."""
        return self.held_bytes - self.traced_bytes - self.traces_bytes

    @property
    def snapshot_bytes(self) -> int:
        """What is to be left for a snapshot."""
        return round(self.traces_bytes * COST_FACTOR / LEFT_SHARE)


class AllocationProfiler:
    """Watches this process from `start` to `stop`; `tell` is called in a thread of its own.

    The work may add `limit_bytes`, with what the profiler itself takes. Each profile is of a larger
    size than the one before it: the last is the one to keep.
    """

    def __init__(
        self, tell: Callable[[Profile], None], *, limit_bytes: int, line_count: int = TOLD_LINES
    ) -> None:
        self._tell = tell
        self._limit_bytes = limit_bytes
        self._line_count = line_count
        self._family: Family | None = None
        self._switch_seconds = sys.getswitchinterval()
        self._base_bytes = 0
        self._told_bytes = 0
        self._left_behind_bytes = 0
        self._grown, self._untraced = Growth(), Growth()
        self._lines: list[LineUse] = []
        self._stopped = threading.Event()
        self._looking = threading.Lock()
        self._has_seen_last = False
        self._thread = threading.Thread(target=self._main, name="profiler", daemon=True)

    def start(self) -> None:
        """The work begins."""
        sys.setswitchinterval(min(SWITCH_SECONDS, self._switch_seconds))
        tracemalloc.start(KEPT_FRAMES)
        self._family = Family(os.getpid())
        # With the children that were there before: their sizes are none of the work's.
        self._base_bytes = self._family.read(time.monotonic(), base_bytes=0, limit_bytes=0)
        self._thread.start()

    def see_last(self, frame: Frame | None) -> None:
        """Look once more, at work that is about to be broken off at `frame`, and then no more.

        What it frees the system may not get back: it would count for the lines that clean up.
        """
        if self._looking.acquire(timeout=LAST_LOOK_SECONDS):
            try:
                self._look(frame, is_last=True)
            finally:
                self._looking.release()
        self.see_no_more()

    def see_no_more(self) -> None:
        """The work was broken off: what was told before stays."""
        self._has_seen_last = True
        self._stopped.set()

    def stop(self) -> None:
        """It is over: what it left is told, where that is more than ever before."""
        self._stopped.set()
        self._thread.join(STOP_SECONDS)
        if not self._thread.is_alive():
            self._look(None)
        tracemalloc.stop()
        sys.setswitchinterval(self._switch_seconds)
        if self._family is not None:
            self._family.close()

    def _main(self) -> None:
        wait_seconds = FIRST_LOOK_SECONDS
        while not self._stopped.wait(wait_seconds):
            with self._looking:
                self._look(find_main_frame())
            wait_seconds = min(LOOK_SECONDS, 2 * wait_seconds)

    def _look(self, frame: Frame | None, *, is_last: bool = False) -> None:
        if self._has_seen_last:
            return
        try:
            self._examine(frame, is_last)
        except MemoryError:
            pass  # the work has taken the last of it; what was told before stays
        except Exception:
            logger.exception("the profiler stumbled")

    def _examine(self, frame: Frame | None, is_last: bool) -> None:
        """Note where the process grew; tell where it holds most whenever it is time for that."""
        sizes = self._measure()
        if sizes.traces_bytes > TRACES_MOST_BYTES:
            tracemalloc.stop()
            sizes = self._measure()
        own_bytes = max(0, sizes.other_bytes - self._left_behind_bytes)
        self._untraced.note(own_bytes, frame)
        size_bytes = sizes.traced_bytes + own_bytes
        self._grown.note(size_bytes, frame)
        has_room = self._has_room(sizes, is_last)
        step = 1.0 if is_last and has_room else STEP
        if size_bytes >= max(FIRST_BYTES, self._told_bytes * step):
            self._told_bytes = size_bytes
            is_exact = has_room and self._take_snapshot(sizes, is_last)
            lines = sorted(self._find_lines(sizes, is_exact), key=lambda line: -line.size_bytes)
            self._tell([line.document for line in lines[: self._line_count]])

    def _find_lines(self, sizes: Sizes, is_exact: bool) -> Iterator[LineUse]:
        if is_exact:
            other = self._untraced.find_most(UNTRACED)
            least_bytes = max(UNTRACED_LEAST_BYTES, UNTRACED_LEAST_SHARE * sizes.grown_bytes)
        else:
            other, least_bytes = self._grown.find_most(UNSEEN), 0
        yield from self._lines
        if other is not None and other.size_bytes >= least_bytes:
            yield other

    def _has_room(self, sizes: Sizes, is_last: bool) -> bool:
        """Whether there is room for a snapshot; for the last one also in what a burst may take."""
        left_bytes = self._limit_bytes - sizes.grown_bytes + (BURST_BYTES if is_last else 0)
        return tracemalloc.is_tracing() and sizes.snapshot_bytes <= left_bytes

    def _take_snapshot(self, sizes: Sizes, is_last: bool) -> bool:
        """Note what the lines hold now; whether there was the memory for it.

        Of work that is past its limit the kernel would refuse it most of that.
        """
        with widen_burst_limit(sizes.snapshot_bytes) if is_last else nullcontext():
            try:
                self._lines = read_line_uses(self._line_count)
            except MemoryError:
                return False
        left_bytes = self._measure().own_other_bytes - sizes.own_other_bytes
        self._left_behind_bytes += max(0, left_bytes)
        return True

    def _measure(self) -> Sizes:
        family = self._family
        assert family is not None, "it has been started"
        return Sizes(
            grown_bytes=family.read(
                time.monotonic(), base_bytes=self._base_bytes, limit_bytes=self._limit_bytes
            ),
            held_bytes=family.members[family.pid].held_bytes,
            traced_bytes=tracemalloc.get_traced_memory()[0],
            traces_bytes=tracemalloc.get_tracemalloc_memory(),
        )
