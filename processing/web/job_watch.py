"""Waiting for jobs to end: one query asks for all that anybody waits for."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from uuid import UUID

from processing.models import Job
from processing.models.states import FINAL_STATES
from processing.web.database import in_database
from processing.web.draining import is_draining

#: How often the states are looked up while somebody waits, in seconds.
LOOK_EVERY_SECONDS = 0.1


class JobWatch:
    """Shared by all requests of one event loop that wait for a final state."""

    def __init__(self) -> None:
        self._waiters: defaultdict[UUID, set[asyncio.Event]] = defaultdict(set)
        self._looking: asyncio.Task[None] | None = None

    async def wait_until_final(self, job_id: UUID, timeout_seconds: float) -> None:
        """Return when the job is final or gone, when the time is up, or when we must stop."""
        ended = asyncio.Event()
        self._waiters[job_id].add(ended)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            async with asyncio.timeout(timeout_seconds):
                await ended.wait()
        except TimeoutError:
            pass
        finally:
            self._waiters[job_id].discard(ended)
            if not self._waiters[job_id]:
                del self._waiters[job_id]

    async def _look(self) -> None:
        try:
            while self._waiters:
                live = set() if is_draining() else await in_database(_find_live, [*self._waiters])
                for job_id in self._waiters.keys() - live:
                    self._release(job_id)
                await asyncio.sleep(LOOK_EVERY_SECONDS)
        finally:
            for job_id in [*self._waiters]:
                self._release(job_id)

    def _release(self, job_id: UUID) -> None:
        for ended in self._waiters.get(job_id, ()):
            ended.set()


def _find_live(job_ids: list[UUID]) -> set[UUID]:
    jobs = Job.objects.filter(pk__in=job_ids).exclude(state__in=FINAL_STATES)
    return set(jobs.values_list("pk", flat=True))


watch = JobWatch()
