"""Counting the waiting jobs of all queues, in slices that take milliseconds each."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Min, Sum

from processing.models import Job
from processing.models.job_query import JobQuerySet
from processing.models.states import State

#: PostgreSQL sorts all that waits when its statistics are older than the jobs, as after a burst;
#: the index job_at_rest has them in order.
FORBID_SORTING = "SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off"


@dataclass(frozen=True, kw_only=True)
class Tally:
    """The waiting jobs at one moment, each kind a processor or a plain function."""

    job_counts: Mapping[str, int]
    source_bytes: int
    first_due_at: datetime | None
    """When the first of them was or will be due."""
    counted_at: float
    """The Unix time at the end of the counting."""
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


class Counting:
    """A count under way, in the order of creation, which no job ever changes.

    Jobs that leave or enter what was counted already are counted wrongly; those are as many as
    pass meanwhile.
    """

    def __init__(self) -> None:
        self._began_at = time.monotonic()
        self._position: datetime | None = None
        self._job_counts: dict[str, int] = {}
        self._source_bytes = 0
        self._first_due_at: datetime | None = None
        self._took_seconds = 0.0

    @property
    def age_seconds(self) -> float:
        """How long ago it began."""
        return time.monotonic() - self._began_at

    def count_slice(self, job_count: int) -> bool:
        """Count `job_count` more jobs; True when they were the last.

        It takes more at a time only where several were created in the same microsecond.
        """
        began_at = time.monotonic()
        end = self._find_end(job_count)
        left = self._find_left()
        self._add(left if end is None else left.filter(created_at__lte=end))
        self._position = end
        self._took_seconds += time.monotonic() - began_at
        return end is None

    def sum_up(self) -> Tally:
        """What was counted."""
        return Tally(
            job_counts=dict(sorted(self._job_counts.items())),
            source_bytes=self._source_bytes,
            first_due_at=self._first_due_at,
            counted_at=time.time(),
            took_seconds=self._took_seconds,
        )

    def _find_left(self) -> JobQuerySet:
        waiting: JobQuerySet = Job.objects.in_state(State.QUEUED)
        if self._position is None:
            return waiting
        return waiting.filter(created_at__gt=self._position)

    def _find_end(self, job_count: int) -> datetime | None:
        """When the last job of the slice was created; None where fewer are left."""
        moments = self._find_left().order_by("created_at").values_list("created_at", flat=True)
        last = moments[job_count - 1 : job_count]
        if connection.vendor != "postgresql":
            return next(iter(last), None)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(FORBID_SORTING)
            return next(iter(last), None)

    def _add(self, jobs: JobQuerySet) -> None:
        groups: Any = jobs.order_by().values_list("processor", "function")
        for row in groups.annotate(Count("pk"), Sum("source_bytes"), Min("run_after")):
            processor, function, job_count, source_bytes, due_at = row
            kind = processor or function
            self._job_counts[kind] = self._job_counts.get(kind, 0) + job_count
            self._source_bytes += source_bytes
            self._first_due_at = min(self._first_due_at or due_at, due_at)
