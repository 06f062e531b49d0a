"""How a cluster comes to its end."""

from __future__ import annotations

#: On top of the grace: tasks are interrupted, killed 2 s later, and then settled. Seconds.
SETTLE_SECONDS = 4.0


class Stop:
    """Whether a stop was asked for, and what is to happen by when. Times are monotonic, seconds."""

    def __init__(self, grace_seconds: float) -> None:
        self._grace_seconds = grace_seconds
        self._grace_ends_at = float("inf")
        self.is_asked = False

    def ask(self, now: float, *, at_once: bool = False) -> None:
        """Stop when what runs has ended or the grace is over; `at_once` ends the grace."""
        if not self.is_asked:
            self.is_asked = True
            self._grace_ends_at = now + self._grace_seconds
        if at_once:
            self._grace_ends_at = min(self._grace_ends_at, now)

    def is_grace_over(self, now: float) -> bool:
        """Whether what runs still is to be interrupted."""
        return now >= self._grace_ends_at

    def is_overdue(self, now: float) -> bool:
        """Whether nothing is waited for any more; leases give what is left to others."""
        return now >= self._grace_ends_at + SETTLE_SECONDS

    def next_at(self, now: float) -> float:
        """When the next of these times comes."""
        return self._grace_ends_at + (SETTLE_SECONDS if self.is_grace_over(now) else 0.0)
