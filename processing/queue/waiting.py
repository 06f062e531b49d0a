"""How much waits, told at a cost that does not grow with the queue.

A short queue is counted by whoever asks. The count of a long one is shared by all processes. It is
renewed so seldom that counting takes a small part of the time, and in slices that keep nobody
waiting.
"""

from __future__ import annotations

import time
from threading import Lock

from django.core.cache import caches

from processing.queue.tally import Counting, Tally

#: So many jobs are counted in a few milliseconds. A queue with fewer is a short one.
SLICE_JOBS = 1000
#: So many at a time are counted where somebody waits for the whole.
LARGE_SLICE_JOBS = 20_000
#: A count that took longer is shared even so, in seconds: after a burst PostgreSQL reads what has
#: left the queue too, until it is vacuumed.
SHORT_COUNT_SECONDS = 0.25
#: A shared count is renewed after so many times as long as it took: that is 2 % of the time.
LASTS_TIMES_ITS_COST = 50
#: However long it took, in seconds.
LASTS_MOST_SECONDS = 5.0
#: It is believed so long while it is renewed, in seconds; then it is made anew at once.
BELIEVED_MOST_SECONDS = 15.0

CACHE = "queue"
#: The number is that of the layout of Tally.
KEY = "plimsoll:tally:1"
#: An entry that nobody renews leaves the cache, in seconds.
STORED_SECONDS = 3600


class Waiting:
    """What waits in all queues, as this process knows it."""

    def __init__(self) -> None:
        self._counting: Counting | None = None
        self._lock = Lock()

    def look(self, most_seconds: float = float("inf")) -> Tally:
        """The waiting jobs: counted now, or where they are many, within the last seconds.

        Where nobody counted lately it counts for about `most_seconds`; when that is not enough, it
        tells what it has, and the next look goes on.
        """
        shared = _read()
        if shared is not None and is_fresh(shared):
            return shared
        with self._lock:
            if shared is not None and shared.age_seconds < BELIEVED_MOST_SECONDS:
                return self._count_on() or shared
            return self._count_all(most_seconds)

    def forget(self) -> None:
        """Have the jobs counted at the next look: many were moved at once."""
        with self._lock:
            self._counting = None
        caches[CACHE].delete(KEY)

    def _count_all(self, most_seconds: float) -> Tally:
        until = time.monotonic() + most_seconds
        counting = self._begin()
        while not counting.count_slice(LARGE_SLICE_JOBS):
            if time.monotonic() >= until:
                return counting.sum_up()
        return self._finish(counting)

    def _count_on(self) -> Tally | None:
        """Count one slice more; the tally when that was the last."""
        counting = self._begin()
        return self._finish(counting) if counting.count_slice(SLICE_JOBS) else None

    def _begin(self) -> Counting:
        """The count under way, unless nobody went on with it for long."""
        if self._counting is None or self._counting.age_seconds >= BELIEVED_MOST_SECONDS:
            self._counting = Counting()
        return self._counting

    def _finish(self, counting: Counting) -> Tally:
        """Give the count to the other processes, unless each can as well make its own."""
        self._counting = None
        tally = counting.sum_up()
        if tally.job_count >= SLICE_JOBS or tally.took_seconds >= SHORT_COUNT_SECONDS:
            caches[CACHE].set(KEY, vars(tally), STORED_SECONDS)
        return tally


def _read() -> Tally | None:
    values = caches[CACHE].get(KEY)
    return None if values is None else Tally(**values)


def is_fresh(tally: Tally) -> bool:
    """Whether it is too early to renew it."""
    lasts_seconds = min(LASTS_MOST_SECONDS, LASTS_TIMES_ITS_COST * tally.took_seconds)
    return tally.age_seconds < lasts_seconds


waiting = Waiting()
