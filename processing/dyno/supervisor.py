"""The loop around all dynos of a run: outputs, samples, stop."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from processing.dyno.dyno import Dyno, Limits
from processing.dyno.killing import kill_all, reap_strangers
from processing.dyno.output import Outputs
from processing.dyno.process_tree import adopt_orphans
from processing.memory.usage import find_children, find_trees


class Supervisor:
    """Runs dynos until one is done, and then stops the others.

    `count_stops` tells how often a stop was asked for; the second one is for at once.
    """

    def __init__(
        self,
        dynos: Sequence[Dyno],
        outputs: Outputs,
        count_stops: Callable[[], int],
        limits: Limits,
    ) -> None:
        self._dynos = dynos
        self._outputs = outputs
        self._count_stops = count_stops
        self._limits = limits
        self._is_stopping = False
        self._stops_heard = 0
        self._kill_at: float | None = None

    def run(self) -> None:
        """The loop; a dyno that is started again is not done."""
        began = time.monotonic()
        next_sample = 0.0
        while not all(dyno.is_done for dyno in self._dynos):
            self._outputs.pump(next_sample - (time.monotonic() - began))
            now = time.monotonic() - began
            if now >= next_sample:
                next_sample = max(next_sample + self._limits.sample_seconds, now)
                self.step(now)

    def step(self, now: float) -> None:
        """What is due at `now`, in seconds since the run began."""
        self._hear_signals(now)
        if self._kill_at is not None and now >= self._kill_at:
            self._kill(is_late=True)
        for dyno in self._dynos:
            dyno.step(now)
        if any(dyno.is_done for dyno in self._dynos):
            self._stop(now)
        reap_strangers({dyno.pid for dyno in self._dynos if dyno.pid})

    def _hear_signals(self, now: float) -> None:
        count = self._count_stops()
        if self._stops_heard and count > self._stops_heard:
            self._kill(is_late=False)
        elif count:
            self._stop(now)
        self._stops_heard = count

    def _stop(self, now: float) -> None:
        if not self._is_stopping:
            self._is_stopping = True
            self._kill_at = now + self._limits.stop_seconds
            for dyno in self._dynos:
                dyno.stop()

    def _kill(self, *, is_late: bool) -> None:
        self._kill_at = None
        for dyno in self._dynos:
            dyno.kill(is_late=is_late)


@contextmanager
def keep_family() -> Iterator[None]:
    """Adopt what is orphaned meanwhile, and leave no process that was started in the block."""
    adopt_orphans()
    before = set(find_children(os.getpid()))
    try:
        yield
    finally:
        kill_all(lambda: find_trees(set(find_children(os.getpid())) - before))
        reap_strangers(before)
