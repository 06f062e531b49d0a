"""How much waits, told at a cost that does not grow with the queue.

A short queue is counted by whoever asks. The count of a long one is shared by all processes, and
made anew so seldom that counting takes a small part of the time at most.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from django.core.cache import caches

from processing.queue.statements import fetch_rows

#: Fewer jobs are counted in a few milliseconds, so that the count need not be shared.
SHORT_QUEUE_JOBS = 2000
#: Unless it took so many seconds: PostgreSQL reads what has left the queue until it is vacuumed.
SHORT_COUNT_SECONDS = 0.1
#: A shared count is due for renewal after this many times as long as it took: 2 % of the time.
LASTS_TIMES_ITS_COST = 50
#: However long it took, in seconds: people and soft bounds can do with nothing older.
LASTS_MOST_SECONDS = 5.0
#: What lasts once until its renewal is taken for so many times as long: where a cluster renews it,
#: nobody else needs to.
TAKEN_TIMES = 2
#: An entry that nobody renews leaves the cache, in seconds.
KEPT_SECONDS = 3600

CACHE = "queue"
KEY = "plimsoll:tally:1"

# A literal state: only then does SQLite use a partial index.
COUNT = """
SELECT processor, function, jobs, bytes, {seconds_until_due} FROM (
    SELECT processor, function, COUNT(*) AS jobs, SUM(source_bytes) AS bytes,
        MIN(run_after) AS run_after
    FROM {jobs} WHERE state = 'queued' GROUP BY processor, function
) AS counted
"""


@dataclass(frozen=True, kw_only=True)
class Tally:
    """The waiting jobs of all queues at one moment, each kind a processor or a plain function."""

    job_counts: Mapping[str, int]
    source_bytes: int
    first_due_at: float | None
    """When the first of them was or will be due; the Unix time, as counted_at."""
    counted_at: float
    took_seconds: float

    @property
    def job_count(self) -> int:
        """All of them."""
        return sum(self.job_counts.values())

    @property
    def age_seconds(self) -> float:
        """How long ago it was counted; without end for one that another clock dated ahead."""
        age_seconds = time.time() - self.counted_at
        return age_seconds if age_seconds >= 0 else float("inf")

    @property
    def lasts_seconds(self) -> float:
        """How long until it is due for renewal."""
        return min(LASTS_MOST_SECONDS, LASTS_TIMES_ITS_COST * self.took_seconds)

    @classmethod
    def restore(cls, columns: Mapping[str, Any] | None) -> Self | None:
        """What was kept by `vars()`, if anything was."""
        return None if columns is None else cls(**columns)


def look_at_waiting() -> Tally:
    """The waiting jobs: counted now, or where they are many, within the last seconds."""
    kept = Tally.restore(caches[CACHE].get(KEY))
    if kept is not None and kept.age_seconds < TAKEN_TIMES * kept.lasts_seconds:
        return kept
    return _count_and_keep()


def keep_tally() -> None:
    """Renew the shared count of a long queue when it is due; for a cluster, every second."""
    kept = Tally.restore(caches[CACHE].get(KEY))
    if kept is None or kept.age_seconds >= kept.lasts_seconds:
        _count_and_keep()


def forget_tally() -> None:
    """Have the jobs counted at the next look: many were moved at once."""
    caches[CACHE].delete(KEY)


def count_waiting() -> Tally:
    """Count every waiting job, however many there are."""
    began_at = time.monotonic()
    rows = fetch_rows(COUNT, {})
    counted_at = time.time()
    job_counts: defaultdict[str, int] = defaultdict(int)
    for processor, function, jobs, _, _ in rows:
        job_counts[processor or function] += jobs
    until_due = [float(row[4]) for row in rows]
    return Tally(
        job_counts=dict(sorted(job_counts.items())),
        source_bytes=int(sum(row[3] for row in rows)),
        first_due_at=counted_at + min(until_due) if until_due else None,
        counted_at=counted_at,
        took_seconds=time.monotonic() - began_at,
    )


def _count_and_keep() -> Tally:
    tally = count_waiting()
    if tally.job_count >= SHORT_QUEUE_JOBS or tally.took_seconds >= SHORT_COUNT_SECONDS:
        caches[CACHE].set(KEY, vars(tally), KEPT_SECONDS)
    return tally
