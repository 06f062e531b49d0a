"""The queue's soft bounds, in jobs and in bytes of what they read."""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Sum
from django.db.models.functions import Coalesce

from processing.errors import QueueFull
from processing.models import Job
from processing.models.states import State
from processing.queue.waiting import waiting

#: How long a process believes its last count, in seconds: the bounds are soft.
COUNT_LASTS_SECONDS = 1.0
#: How long a request counts a queue that nobody counted lately, in seconds.
COUNT_MOST_SECONDS = 0.5


@dataclass(frozen=True, kw_only=True)
class QueueLoad:
    """What waits or runs: how many jobs, and the bytes of their sources."""

    job_count: int
    source_bytes: int


NO_LOAD = QueueLoad(job_count=0, source_bytes=0)


class QueueBounds:
    """Refuses work when the queue is as full as it may be."""

    def __init__(self) -> None:
        self.load = NO_LOAD
        self._counted_at = float("-inf")

    @property
    def is_stale(self) -> bool:
        """Whether the last count is too old to decide by."""
        return time.monotonic() - self._counted_at >= COUNT_LASTS_SECONDS

    def recount(self) -> None:
        """Ask the database, unless somebody just did."""
        if self.is_stale:
            self.load = find_load()
            self._counted_at = time.monotonic()

    def check_room(self, source_bytes: int, admitted: QueueLoad = NO_LOAD) -> None:
        """Raise QueueFull when one more job of `source_bytes` would pass a bound, with what was
        `admitted` and has yet to come."""
        job_count = self.load.job_count + admitted.job_count
        if job_count >= settings.QUEUE_MAX_JOBS:
            raise QueueFull(f"The queue holds {job_count} jobs, as many as it may.")
        held_bytes = self.load.source_bytes + admitted.source_bytes
        if held_bytes + source_bytes > settings.QUEUE_MAX_BYTES:
            raise QueueFull(f"The queue holds {held_bytes} bytes, too many for more.")


def find_load() -> QueueLoad:
    """What waits or runs: counted now, or where much waits, within the last seconds.

    What is much and was not counted lately is told as so much at least.
    """
    tally = waiting.look(COUNT_MOST_SECONDS)
    running = Job.objects.filter(state=State.RUNNING).aggregate(
        job_count=Count("pk"), source_bytes=Coalesce(Sum("source_bytes"), 0)
    )
    return QueueLoad(
        job_count=tally.job_count + running["job_count"],
        source_bytes=tally.source_bytes + running["source_bytes"],
    )


bounds = QueueBounds()
