"""Failures that a stop may have caused which we have not heard of yet.

A stop's signals come one after the other. A process that a task started, or a server that it needs,
may get its own first, and the task fails before the supervisor gets one.
"""

from __future__ import annotations

from collections import deque

from processing.queue.claims import Delivery
from processing.queue.ending import CANCELLED, SUCCEEDED, Ending

#: What is not heard of within so many seconds was not the cause.
SUSPECT_SECONDS = 0.5


class Suspects:
    """Holds failures back for a moment, in the order in which they came."""

    def __init__(self) -> None:
        self._held: deque[tuple[float, Ending]] = deque()

    def __len__(self) -> int:
        return len(self._held)

    @property
    def size_bytes(self) -> int:
        """What they take in memory, about."""
        return sum(ending.size_bytes for _, ending in self._held)

    @property
    def deliveries(self) -> list[Delivery]:
        """What of the cluster's is here."""
        return [ending.delivery for _, ending in self._held]

    def hold(self, ending: Ending, now: float) -> bool:
        """Hold it back, if it is a failure that counts; returns whether it is."""
        is_suspect = ending.charged and ending.outcome not in (SUCCEEDED, CANCELLED, "timeout")
        if is_suspect:
            self._held.append((now + SUSPECT_SECONDS, ending))
        return is_suspect

    def release(self, now: float) -> list[Ending]:
        """Those whose moment is over."""
        cleared = []
        while self._held and now >= self._held[0][0]:
            cleared.append(self._held.popleft()[1])
        return cleared

    def pardon(self) -> list[Ending]:
        """A stop has begun: all of them, given back."""
        pardoned = [ending.as_given_back() for _, ending in self._held]
        self._held.clear()
        return pardoned

    def next_at(self) -> float:
        """When the next moment is over."""
        return self._held[0][0] if self._held else float("inf")
