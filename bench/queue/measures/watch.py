"""What it takes to watch seats that are busy: Plimsoll alone, with its limits and without."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

import psutil

from bench.queue.errors import NotMeasured
from bench.queue.measures.idle import START_SECONDS, read_stamps, wait_for_stamps
from bench.queue.measures.measure import Figures, Measure
from bench.queue.sizes import Sizes
from bench.queue.stage import Stage, run_child, run_workers
from bench.queue.systems.plimsoll import PLIMSOLL, UNLIMITED
from bench.queue.trees import measure_cpu_seconds
from bench.queue.workers import Workers

SEATS = 4
#: What it calls itself, and Linux shows.
SUPERVISOR = "q supervisor"
#: The seats begin within so long of each other, and the tasks last longer by that.
APART_SECONDS = 4.0
#: What the beginning of tasks entails is over after so long.
SETTLE_SECONDS = 1.0


def measure_watch() -> Measure:
    """Gives percent of one core, of the process that watches, with every seat busy."""
    return Measure(name="watch", take=take, systems=(PLIMSOLL.name, UNLIMITED.name))


def take(stage: Stage, sizes: Sizes, known: Mapping[str, float]) -> Figures:
    with run_workers(stage, SEATS) as workers:
        busy_seconds = math.ceil(APART_SECONDS + SETTLE_SECONDS + sizes.idle_seconds)
        run_child(stage, "send_holds", SEATS, busy_seconds)
        wait_until_all_are_busy(stage)
        time.sleep(SETTLE_SECONDS)
        return {"watch_cpu_percent": watch_supervisor(workers, sizes.idle_seconds)}


def wait_until_all_are_busy(stage: Stage) -> None:
    """Return when every seat is. Raises NotMeasured where the first may be so no longer."""
    wait_for_stamps(stage, SEATS, START_SECONDS)
    began = read_stamps(stage).values()
    if max(began) - min(began) > APART_SECONDS * 1e9:
        raise NotMeasured(f"the seats did not begin within {APART_SECONDS:g} s of each other")


def watch_supervisor(workers: Workers, seconds: float) -> float:
    supervisor = find_supervisor(workers)
    before, started_at = sum(measure_cpu_seconds([supervisor]).values()), time.monotonic()
    time.sleep(seconds)
    used = sum(measure_cpu_seconds([supervisor]).values()) - before
    return 100 * used / (time.monotonic() - started_at)


def find_supervisor(workers: Workers) -> psutil.Process:
    for process in workers.list_processes():
        if process.name() == SUPERVISOR:
            return process
    raise NotMeasured("the cluster has no supervisor")
