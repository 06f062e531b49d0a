"""The loop around all dynos of a run: outputs, samples, stop."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from processing.dyno.dyno import Dyno
from processing.dyno.enforcement import SAMPLE_SECONDS
from processing.dyno.killing import kill_all, reap_strangers
from processing.dyno.output import Outputs
from processing.dyno.process_tree import adopt_orphans
from processing.memory.usage import find_children, find_trees

#: https://devcenter.heroku.com/articles/dyno-shutdown-behavior
STOP_SECONDS = 30.0


class Supervisor:
    """Runs dynos until all are done. `count_stops` tells how many stop signals have come."""

    def __init__(
        self, dynos: Sequence[Dyno], outputs: Outputs, count_stops: Callable[[], int]
    ) -> None:
        self._dynos = dynos
        self._outputs = outputs
        self._count_stops = count_stops
        self._stops_heard = 0
        self._kill_at: float | None = None

    def run(self) -> None:
        """The loop; a dyno that crashes goes on, so it ends by a signal or with one-off dynos."""
        began = time.monotonic()
        next_sample = 0.0
        while not all(dyno.is_done for dyno in self._dynos):
            self._outputs.pump(next_sample - (time.monotonic() - began))
            now = time.monotonic() - began
            if now >= next_sample:
                next_sample = max(next_sample + SAMPLE_SECONDS, now)
                self.step(now)

    def step(self, now: float) -> None:
        """What is due at `now`, in seconds since the run began."""
        self._hear_signals(now)
        if self._kill_at is not None and now >= self._kill_at:
            self._kill(is_late=True)
        for dyno in self._dynos:
            dyno.step(now)
        reap_strangers({dyno.pid for dyno in self._dynos if dyno.pid})

    def _hear_signals(self, now: float) -> None:
        count = self._count_stops()
        if count and not self._stops_heard:
            self._kill_at = now + STOP_SECONDS
            for dyno in self._dynos:
                dyno.stop()
        elif count > self._stops_heard:
            self._kill(is_late=False)
        self._stops_heard = count

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
