"""How long sending takes while two workers drain a backlog."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping

from bench.queue.child import WARM_UP_COUNT
from bench.queue.errors import NotMeasured
from bench.queue.figures import find_percentile
from bench.queue.measures.draining import wait_for_start
from bench.queue.measures.measure import Figures, Measure
from bench.queue.sizes import Sizes
from bench.queue.stage import (
    CHILD_SECONDS,
    Stage,
    await_ready,
    read_child,
    release,
    run_child,
    run_workers,
    start_child,
)

SEATS = 2
GAP_MS = 5
#: The backlog outlasts the sending by this factor: the drain may be faster than it was.
MARGIN = 3.0
LEAST_BACKLOG, MOST_BACKLOG = 2_500, 40_000
#: When the drain was over before this part of the planned time there is no figure. It is not the
#: number of sends that decides: where they wait for the workers' locks they are few, and slow.
LEAST_PART = 0.5
POLL_SECONDS = 0.005


def measure_busy() -> Measure:
    """Gives the 50th and 99th percentile of one call, in milliseconds."""
    return Measure(name="busy", take=take)


def take(stage: Stage, sizes: Sizes, known: Mapping[str, float]) -> Figures:
    backlog = run_child(stage, "burst", plan_backlog(sizes, known))["sent"] + WARM_UP_COUNT
    with start_child(stage, "noops", sizes.busy_count, GAP_MS) as child:
        await_ready(child)
        with run_workers(stage, SEATS):
            wait_for_start(stage)
            release(child)
            drained_at = watch_backlog(stage, backlog, child)
            calls = read_child(child)
    inside = [took for began, took in calls if began < drained_at]
    if drained_at - calls[0][0] < LEAST_PART * sizes.busy_count * GAP_MS * 1e6:
        raise NotMeasured(f"the backlog of {backlog} was gone after {len(inside)} sends")
    return {
        "busy_enqueue_p50_ms": find_percentile(inside, 50) / 1e6,
        "busy_enqueue_p99_ms": find_percentile(inside, 99) / 1e6,
        "busy_enqueue_calls": len(inside),
    }


def plan_backlog(sizes: Sizes, known: Mapping[str, float]) -> int:
    seconds = sizes.busy_count * GAP_MS / 1000
    count = MARGIN * seconds * known.get("drain_2_per_second", 1_000)
    return int(min(MOST_BACKLOG, max(LEAST_BACKLOG, count)))


def watch_backlog(stage: Stage, backlog: int, child: subprocess.Popen[str]) -> int:
    """When as many tasks as were in the backlog had run, or the child had ended, in nanoseconds."""
    deadline = time.monotonic() + CHILD_SECONDS
    while stage.count_runs() < backlog and child.poll() is None and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return time.monotonic_ns()
