"""Endings that are to be settled: those of this moment, and the suspects behind them."""

from __future__ import annotations

import time

from processing.queue.claims import Delivery
from processing.queue.cluster.suspects import Suspects
from processing.queue.ending import Ending

#: Endings are settled together, but none waits longer than this for another, in seconds.
SETTLE_WITHIN_SECONDS = 0.02
#: Settled without delay, and no task is begun, when the endings take so many bytes.
ENDINGS_MOST_BYTES = 4 * 1024 * 1024


class Unsettled:
    """`endings` are due to be settled; failures become so when their moment is over."""

    def __init__(self) -> None:
        self.endings: list[Ending] = []
        self._suspects = Suspects()
        self._size_bytes = 0
        self._first_ended_at = 0.0

    def __len__(self) -> int:
        return len(self.endings) + len(self._suspects)

    @property
    def is_full(self) -> bool:
        """Whether they take so much memory that no more may come."""
        return self._size_bytes + self._suspects.size_bytes >= ENDINGS_MOST_BYTES

    @property
    def deliveries(self) -> list[Delivery]:
        """What of the cluster's is here."""
        return [*(ending.delivery for ending in self.endings), *self._suspects.deliveries]

    @property
    def due_at(self) -> float:
        """When the endings are to be settled at the latest."""
        return self._first_ended_at + SETTLE_WITHIN_SECONDS if self.endings else float("inf")

    def add(self, ending: Ending) -> None:
        """A task has ended."""
        if not self._suspects.hold(ending, time.monotonic()):
            self._add(ending)

    def release(self, now: float) -> None:
        """Let the failures whose moment is over be settled."""
        for ending in self._suspects.release(now):
            self._add(ending)

    def pardon(self) -> None:
        """A stop has begun: what failed just now is given back."""
        for ending in self._suspects.pardon():
            self._add(ending)

    def clear(self) -> None:
        """The endings are settled."""
        self.endings = []
        self._size_bytes = 0

    def next_at(self) -> float:
        """When there is something to do."""
        return min(self.due_at, self._suspects.next_at())

    def _add(self, ending: Ending) -> None:
        if not self.endings:
            self._first_ended_at = time.monotonic()
        self.endings.append(ending)
        self._size_bytes += ending.size_bytes
