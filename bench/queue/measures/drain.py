"""How fast tasks are sent with no worker about, and how fast N workers then run them."""

from __future__ import annotations

from collections.abc import Mapping

from bench.queue.measures.draining import time_drain
from bench.queue.measures.measure import Figures, Measure
from bench.queue.sizes import Sizes
from bench.queue.stage import Stage, run_child, run_workers

SEATS = (1, 2, 4)


def measure_drain(seats: int) -> Measure:
    """Gives the rates of sending and draining, and the microseconds of CPU that a task takes."""

    def take(stage: Stage, sizes: Sizes, known: Mapping[str, float]) -> Figures:
        burst = run_child(stage, "burst", sizes.task_count)
        with run_workers(stage, seats) as workers:
            drain = time_drain(stage, workers, burst["sent"])
        return {
            "enqueue_per_second": burst["per_second"],
            "enqueue_cpu_us": burst["cpu_us"],
            f"drain_{seats}_per_second": drain.per_second,
            f"drain_{seats}_tail_ms": drain.tail_seconds * 1000,
            f"drain_{seats}_cpu_us": drain.cpu_seconds_per_task * 1e6,
            f"drain_{seats}_repeated": stage.count_runs() - burst["sent"],
        }

    return Measure(name=f"drain_{seats}", take=take)
