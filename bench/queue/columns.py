"""The figures that the tables show, and which way each is better."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Column:
    """One figure of the tables."""

    figure: str
    heading: str
    digits: int = 0
    more_is_better: bool = False

    def divide(self, ours: float, theirs: float) -> float:
        """How many times better ours is."""
        better, worse = (ours, theirs) if self.more_is_better else (theirs, ours)
        return better / worse if worse else float("inf")

    def format(self, value: float | None) -> str:
        return "–" if value is None else f"{value:,.{self.digits}f}"


#: In tasks per second; beside them what a task costs the sender's and the workers' processes in
#: CPU time, which another load on the machine changes less.
RATES = (
    Column(figure="enqueue_per_second", heading="enqueue /s", more_is_better=True),
    Column(figure="enqueue_cpu_us", heading="CPU µs, enqueue"),
    Column(figure="drain_1_per_second", heading="drain /s, 1 seat", more_is_better=True),
    Column(figure="drain_2_per_second", heading="drain /s, 2 seats", more_is_better=True),
    Column(figure="drain_4_per_second", heading="drain /s, 4 seats", more_is_better=True),
    Column(figure="drain_2_cpu_us", heading="CPU µs, drain, 2 seats"),
)
WAITS = (
    Column(figure="pickup_p50_ms", heading="pick-up p50 ms", digits=1),
    Column(figure="pickup_p99_ms", heading="p99 ms", digits=1),
    Column(figure="busy_enqueue_p50_ms", heading="enqueue while draining p50 ms", digits=2),
    Column(figure="busy_enqueue_p99_ms", heading="p99 ms", digits=1),
    Column(figure="idle_cpu_percent", heading="idle CPU %", digits=2),
    Column(figure="idle_pss_mb", heading="idle PSS MiB", digits=1),
    Column(figure="watch_cpu_percent", heading="watching 4 busy seats, CPU %", digits=2),
)
COLUMNS = RATES + WAITS
