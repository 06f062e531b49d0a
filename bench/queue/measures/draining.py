"""How a drain is watched: from outside, by the tasks' marks, and at its end by the results."""

from __future__ import annotations

import time
from dataclasses import dataclass

from bench.queue.stage import Stage
from bench.queue.waiting import wait_until, wait_while_growing
from bench.queue.workers import Workers

#: From the start of the workers to their first task.
START_SECONDS = 60.0
#: Without one more task or result for so long, the drain has failed.
STALL_SECONDS = 30.0
#: Looking at the size of a file costs nothing that could be measured.
MARKS_POLL_SECONDS = 0.005
#: Counting results asks the store, so it begins when every task has run.
RESULTS_POLL_SECONDS = 0.02


@dataclass(frozen=True, kw_only=True)
class Drain:
    """From the first task that was seen to the last result."""

    per_second: float
    tail_seconds: float
    """By how much the last result came after the last task."""

    cpu_seconds_per_task: float
    """What the workers' processes used; not what their store's server did."""


def wait_for_start(stage: Stage) -> None:
    """Return when a first task has run."""
    wait_until(
        lambda: stage.count_runs() > 0,
        seconds=START_SECONDS,
        poll_seconds=MARKS_POLL_SECONDS,
        what="the workers' first task",
    )


def wait_for_runs(stage: Stage, count: int) -> None:
    """Return when `count` tasks have run."""
    wait_while_growing(
        stage.count_runs,
        count,
        stall_seconds=STALL_SECONDS,
        poll_seconds=MARKS_POLL_SECONDS,
        what="tasks run",
    )


def wait_for_results(stage: Stage, count: int) -> None:
    """Return when `count` results are saved."""
    wait_while_growing(
        stage.count_results,
        count,
        stall_seconds=STALL_SECONDS,
        poll_seconds=RESULTS_POLL_SECONDS,
        what="results saved",
    )


def time_drain(stage: Stage, workers: Workers, count: int) -> Drain:
    """Wait until `count` tasks have run and their results are saved. Raises NotMeasured."""
    wait_for_start(stage)
    started_at, before = time.monotonic(), stage.count_runs()
    used_before = workers.measure_cpu_seconds()
    wait_for_runs(stage, count)
    run_at = time.monotonic()
    wait_for_results(stage, count)
    seconds = time.monotonic() - started_at
    used_seconds = workers.measure_cpu_seconds() - used_before
    return Drain(
        per_second=(count - before) / seconds,
        tail_seconds=started_at + seconds - run_at,
        cpu_seconds_per_task=used_seconds / (count - before),
    )
