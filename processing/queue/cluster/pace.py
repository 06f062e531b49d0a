"""How many jobs to claim at once: many short ones, and of long ones no more than can run."""

from __future__ import annotations

#: What is claimed is to be begun within so many seconds: nobody else can take it meanwhile.
AHEAD_SECONDS = 0.05
#: The most at once: its settling holds SQLite's one write lock for a few milliseconds.
MOST_JOBS = 64
#: The weight of the last task in the mean.
NEWEST_WEIGHT = 0.2


class Pace:
    """Learns how long a task takes."""

    def __init__(self, seat_count: int) -> None:
        self._seat_count = seat_count
        self._mean_seconds: float | None = None

    def learn(self, seconds: float) -> None:
        """A task took so long."""
        if self._mean_seconds is None or seconds > AHEAD_SECONDS:
            self._mean_seconds = seconds
        self._mean_seconds += NEWEST_WEIGHT * (seconds - self._mean_seconds)

    def count_wanted(self, *, idle_count: int, ready_count: int) -> int:
        """How many to claim now, for the seats that are idle and what these do soon after."""
        if idle_count <= ready_count:
            return 0
        ahead = 0
        if self._mean_seconds is not None:
            ahead = int(AHEAD_SECONDS * self._seat_count / max(self._mean_seconds, 1e-4))
        return max(0, min(MOST_JOBS, max(idle_count, ahead)) - ready_count)
