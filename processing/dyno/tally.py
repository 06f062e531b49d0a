"""What is kept of one dyno for the end: four numbers, and a curve of bounded length."""

from __future__ import annotations

from dataclasses import dataclass, field

#: Points of a curve; a full one is thinned to half, so it is never drawn from fewer than half.
MOST_POINTS = 2000


@dataclass(kw_only=True)
class Curve:
    """Usage over time: each point is the highest of `stride` samples in a row.

    When it is full, each two neighbours become the higher one, and the stride doubles.
    """

    most_points: int = MOST_POINTS
    stride: int = 1
    points: list[tuple[float, int]] = field(default_factory=list)
    _in_last: int = 0

    def add(self, seconds: float, usage_bytes: int) -> None:
        """One more sample."""
        if self.points and self._in_last < self.stride:
            self.points[-1] = _higher(self.points[-1], (seconds, usage_bytes))
            self._in_last += 1
            return
        if len(self.points) == self.most_points:
            pairs = zip(self.points[::2], self.points[1::2], strict=True)
            self.points = [_higher(*pair) for pair in pairs]
            self.stride *= 2
        self.points.append((seconds, usage_bytes))
        self._in_last = 1


@dataclass(kw_only=True)
class Tally:
    """The sums of one dyno. Times are seconds since the run began."""

    quota_bytes: int
    peak_bytes: int = 0
    seconds_above_quota: float = 0.0
    kill_times: list[float] = field(default_factory=list)
    crash_count: int = 0
    restart_count: int = 0
    exit_status: int | None = None
    #: Whether it ended by itself and was not started again.
    is_complete: bool = False
    curve: Curve = field(default_factory=Curve)
    _sampled_at: float | None = None

    def add_sample(self, seconds: float, usage_bytes: int) -> None:
        """One usage, which is taken to have been so since the sample before."""
        self.peak_bytes = max(self.peak_bytes, usage_bytes)
        if usage_bytes > self.quota_bytes and self._sampled_at is not None:
            self.seconds_above_quota += seconds - self._sampled_at
        self._sampled_at = seconds
        self.curve.add(seconds, usage_bytes)

    def end_run(self, status: int) -> None:
        """The process ended; until the next start there is no usage."""
        self.exit_status = status
        self._sampled_at = None


def _higher(one: tuple[float, int], other: tuple[float, int]) -> tuple[float, int]:
    return other if other[1] > one[1] else one
