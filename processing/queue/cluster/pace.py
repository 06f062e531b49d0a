"""How many jobs to claim and to hand out: many short ones, of long ones only what can run."""

from __future__ import annotations

#: What is claimed is to be begun within so many seconds: nobody else can take it meanwhile.
AHEAD_SECONDS = 0.05
#: The most at once: its settling holds SQLite's one write lock for a few milliseconds.
MOST_JOBS = 64
#: The most that is claimed and not begun: one claim is run while the next one is made.
MOST_AHEAD = 2 * MOST_JOBS
#: What a seat has in its hands is to be begun within so many seconds.
HAND_SECONDS = 0.02
MOST_IN_HAND = 32
#: The weight of the last task in the mean.
NEWEST_WEIGHT = 0.2
#: No task is thought to be shorter, in seconds.
SHORTEST_SECONDS = 1e-4


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

    @property
    def most_in_hand(self) -> int:
        """How many tasks a seat may be given, with the one that it runs."""
        return max(1, min(MOST_IN_HAND, self._count_within(HAND_SECONDS)))

    def count_wanted(self, *, idle_count: int, ready_count: int, waiting_count: int) -> int:
        """How many to claim now, for the seats that are idle and what these do soon after.

        `ready_count` are claimed and in no seat's hands, `waiting_count` in the hands of one that
        is at another task.
        """
        ahead = min(MOST_AHEAD, self._count_within(AHEAD_SECONDS * self._seat_count))
        known = ready_count + waiting_count
        if idle_count <= ready_count and known >= ahead // 2:
            return 0
        return max(0, min(MOST_JOBS, max(idle_count, ahead) - known))

    def _count_within(self, seconds: float) -> int:
        if self._mean_seconds is None:
            return 0
        return int(seconds / max(self._mean_seconds, SHORTEST_SECONDS))
