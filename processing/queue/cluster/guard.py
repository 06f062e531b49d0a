"""Looking at memory: what each running task adds to its seat, and what the cluster uses.

In a thread of its own, because the supervisor may wait for the database meanwhile.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from processing.memory.family import Family
from processing.memory.limit import set_burst_limit
from processing.queue.cluster.board import Order
from processing.queue.cluster.census import Census, Reading
from processing.queue.cluster.running import Running
from processing.queue.cluster.watch import Watch

logger = logging.getLogger(__name__)

#: Running tasks are looked at so often, in seconds…
LOOK_SECONDS = 0.05
#: …and one that grows fast twice before it would be at its limit, but not more often than this.
SHORTEST_LOOK_SECONDS = 0.005
#: What the cluster uses is read so often, in seconds, while something runs, and while nothing does.
READING_SECONDS = 1.0
IDLE_READING_SECONDS = 10.0


class Guard:
    """Has tasks ended that are over their limits, and reads what counts against the quota.

    `judge` is called with each reading and says whether the next one is to come soon in any case.
    """

    def __init__(self, watch: Watch, census: Census, judge: Callable[[Reading], bool]) -> None:
        self._watch = watch
        self._census = census
        self._judge = judge
        self._is_attentive = False
        self._families: dict[int, Family] = {}
        self._looked_at = 0.0
        self._running: list[Running] = []

    def start(self) -> None:
        """Take the first reading, and start the thread; it ends with the process."""
        self._census.read(time.monotonic(), grown_bytes=0)
        threading.Thread(target=self._main, name="guard", daemon=True).start()

    @property
    def reading(self) -> Reading:
        """What the cluster used last."""
        return self._census.last

    def tick(self, now: float) -> float:
        """Look at everything that is due; returns the seconds until the next look."""
        seconds = now - self._looked_at
        self._looked_at = now
        self._running = self._watch.find_under_way()
        self._part_from_others({running.seat_pid for running in self._running})
        waits = [self._look_safely(running, now, seconds) for running in self._running]
        is_idle = not self._running and not self._is_attentive
        if now >= self.reading.at + (IDLE_READING_SECONDS if is_idle else READING_SECONDS):
            reading = self._census.read(now, grown_bytes=self._sum_grown())
            self._is_attentive = self._judge(reading)
        return min(waits, default=LOOK_SECONDS)

    def _main(self) -> None:
        while True:
            seconds = READING_SECONDS if self._is_attentive else IDLE_READING_SECONDS
            self._watch.wait_for_tasks(seconds)
            try:
                wait_seconds = self.tick(time.monotonic())
            except Exception:  # a guard that ends would let every task grow on
                logger.exception("the guard stumbled")
                wait_seconds = LOOK_SECONDS
            time.sleep(wait_seconds)

    def _look_safely(self, running: Running, now: float, seconds: float) -> float:
        try:
            return self._look(running, now, seconds)
        except Exception:  # one that cannot be looked at leaves the others watched
            logger.exception("the guard stumbled over job %s", running.claim.delivery)
            return LOOK_SECONDS

    def _look(self, running: Running, now: float, seconds: float) -> float:
        limit_bytes, before_bytes = running.limit_bytes, running.grown_bytes
        base_bytes = running.slot.size_bytes
        try:
            family = self._find_family(running.seat_pid)
            if family.is_quiet(now) and running.has_been_looked_at:
                return LOOK_SECONDS
            grown_bytes = family.read(now, base_bytes=base_bytes, limit_bytes=limit_bytes)
        except OSError:
            return LOOK_SECONDS  # its seat is gone, which others notice
        if not running.is_under_way or running.has_ended:
            return LOOK_SECONDS  # what was read may be of the next task
        running.grow(grown_bytes)
        if running.order is not Order.NONE:
            return LOOK_SECONDS  # the kernel's limit stays where it is: it gets no further
        left_bytes = limit_bytes - grown_bytes
        running.forget_unfilled_but(family.members)
        for pid, memory in family.members.items():
            idle_bytes = running.find_unfilled(pid).settle(memory.unfilled_bytes, now)
            set_burst_limit(
                pid,
                filled_bytes=memory.anonymous_bytes,
                idle_bytes=idle_bytes,
                left_bytes=left_bytes,
            )
        if left_bytes < 0:
            self._watch.order(running, Order.MEMORY)
        return choose_wait(left_bytes, grown_bytes - before_bytes, seconds)

    def _find_family(self, pid: int) -> Family:
        if pid not in self._families:
            self._families[pid] = Family(pid)
        return self._families[pid]

    def _part_from_others(self, pids: set[int]) -> None:
        for pid in self._families.keys() - pids:
            self._families.pop(pid).close()

    def _sum_grown(self) -> int:
        return sum(running.grown_bytes for running in self._running)


def choose_wait(left_bytes: int, grown_bytes: int, seconds: float) -> float:
    """How long a task that grew so much in `seconds` may be left alone, in seconds."""
    if grown_bytes <= 0:
        return LOOK_SECONDS
    half_way_seconds = seconds * left_bytes / grown_bytes / 2
    return min(LOOK_SECONDS, max(SHORTEST_LOOK_SECONDS, half_way_seconds))
