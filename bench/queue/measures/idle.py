"""What one worker does when there is next to nothing to do: how soon it starts a task, and what it
takes to wait."""

from __future__ import annotations

import time
from collections.abc import Mapping

from bench.queue.figures import find_percentile
from bench.queue.measures.measure import Figures, Measure
from bench.queue.sizes import Sizes
from bench.queue.stage import Stage, run_child, run_workers
from bench.queue.trees import measure_cpu_seconds
from bench.queue.waiting import wait_until
from bench.queue.workers import Workers
from processing.memory.usage import read_total_bytes

SEATS = 1
GAP_MS = 50
POLL_SECONDS = 0.02
START_SECONDS = 60.0
#: For the last stamps to be run.
LAST_SECONDS = 30.0
#: What follows a task (batches, acknowledgements) is over after so long.
SETTLE_SECONDS = 2.0
MIB = 1024 * 1024


def measure_idle() -> Measure:
    """Gives milliseconds until a task's first line, percent of one core, and MiB."""
    return Measure(name="idle", take=take)


def take(stage: Stage, sizes: Sizes, known: Mapping[str, float]) -> Figures:
    with run_workers(stage, SEATS) as workers:
        run_child(stage, "stamps", 1, 0)
        wait_for_stamps(stage, 1, START_SECONDS)
        figures = time_pickups(stage, sizes.pickup_count)
        time.sleep(SETTLE_SECONDS)
        return figures | watch_idle(workers, sizes.idle_seconds)


def time_pickups(stage: Stage, count: int) -> Figures:
    """From the beginning of the call that enqueues to the first line of the task."""
    stage.marks.write_bytes(b"")
    calls = run_child(stage, "stamps", count, GAP_MS)
    wait_for_stamps(stage, count, LAST_SECONDS)
    started = read_stamps(stage)
    waits = [(started[number] - began) / 1e6 for number, (began, _) in enumerate(calls)]
    return {
        "pickup_call_p50_ms": find_percentile([took for _, took in calls], 50) / 1e6,
        "pickup_p50_ms": find_percentile(waits, 50),
        "pickup_p99_ms": find_percentile(waits, 99),
    }


def wait_for_stamps(stage: Stage, count: int, seconds: float) -> None:
    wait_until(
        lambda: len(read_stamps(stage)) >= count,
        seconds=seconds,
        poll_seconds=POLL_SECONDS,
        what=f"{count} stamps",
    )


def read_stamps(stage: Stage) -> dict[int, int]:
    """When each stamp was run first, in nanoseconds."""
    started: dict[int, int] = {}
    for line in stage.marks.read_text().splitlines():
        number, moment = map(int, line.split())
        started.setdefault(number, moment)
    return started


def watch_idle(workers: Workers, seconds: float) -> Figures:
    before = measure_cpu_seconds(workers.list_processes())
    started_at = time.monotonic()
    time.sleep(seconds)
    processes = workers.list_processes()
    used = sum(
        total - before.get(process, 0.0)
        for process, total in measure_cpu_seconds(processes).items()
    )
    return {
        "idle_cpu_percent": 100 * used / (time.monotonic() - started_at),
        "idle_pss_mb": read_total_bytes(process.pid for process in processes) / MIB,
        "idle_processes": len(processes),
    }
