"""Waiting for jobs: one query asks for all that anybody of this process waits for."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from processing.models import Job
from processing.models.states import FINAL_STATES
from processing.web.database import in_database
from processing.web.draining import is_draining, is_leaving

#: How often the jobs are looked up while somebody waits, in seconds.
LOOK_EVERY_SECONDS = 0.1


class Standing(NamedTuple):
    """How a job stands: all of it that a watcher is told changes of."""

    state: str
    progress: float | None
    deliveries: int
    attempts: int
    cancel_requested_at: datetime | None

    @classmethod
    def of(cls, job: Job) -> Standing:
        """The standing of a job as it was loaded."""
        return cls(*(getattr(job, name) for name in cls._fields))


class _Waiter:
    """Somebody who waits for one job until `is_over`, which is asked of None for one that is gone.

    `coming` is the job then, where the waiter `wants_job`; None where it is gone, or we must stop.
    """

    def __init__(self, is_over: Callable[[Standing | None], bool], *, wants_job: bool) -> None:
        self.is_over = is_over
        self.wants_job = wants_job
        self.coming: asyncio.Future[Job | None] = asyncio.get_running_loop().create_future()

    def release(self, job: Job | None = None) -> None:
        if not self.coming.done():
            self.coming.set_result(job)


class JobWatch:
    """Shared by all requests of one event loop that wait for jobs."""

    def __init__(self) -> None:
        self._waiters: defaultdict[UUID, set[_Waiter]] = defaultdict(set)
        self._looking: asyncio.Task[None] | None = None

    async def wait_until_final(self, job_id: UUID, timeout_seconds: float) -> None:
        """Return when the job is final or gone, when the time is up, or when we must stop."""
        waiter = _Waiter(_is_final_or_gone, wants_job=False)
        with suppress(TimeoutError):
            await self._wait(job_id, waiter, timeout_seconds)

    async def wait_for_change(
        self, job_id: UUID, seen: Standing, timeout_seconds: float
    ) -> Job | None:
        """The job, once it stands otherwise than `seen`; None when it is gone or we must stop.

        Its package is not loaded. All who wait for the same job may get the same object. Raises
        TimeoutError when the time is up.
        """
        waiter = _Waiter(lambda now: is_leaving() or now != seen, wants_job=True)
        return await self._wait(job_id, waiter, timeout_seconds)

    async def _wait(self, job_id: UUID, waiter: _Waiter, timeout_seconds: float) -> Job | None:
        self._waiters[job_id].add(waiter)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_while_waited_for())
        try:
            async with asyncio.timeout(timeout_seconds):
                return await waiter.coming
        finally:
            self._waiters[job_id].discard(waiter)
            if not self._waiters[job_id]:
                del self._waiters[job_id]

    async def _look_while_waited_for(self) -> None:
        try:
            while self._waiters:
                await self._look()
                await asyncio.sleep(LOOK_EVERY_SECONDS)
        finally:
            for waiters in self._waiters.values():
                for waiter in waiters:
                    waiter.release()

    async def _look(self) -> None:
        """Release those whose wait is over; a job that many waited for is loaded once."""
        ids = [*self._waiters]
        standings = {} if is_draining() else await in_database(_find_standings, ids)
        over = [
            (job_id, waiter)
            for job_id in ids
            for waiter in self._waiters.get(job_id, ())
            if waiter.is_over(standings.get(job_id))
        ]
        wanted = {job_id for job_id, waiter in over if waiter.wants_job and job_id in standings}
        jobs = await in_database(_load, wanted) if wanted else {}
        for job_id, waiter in over:
            waiter.release(jobs.get(job_id))


def _is_final_or_gone(now: Standing | None) -> bool:
    return now is None or now.state in FINAL_STATES


def _find_standings(job_ids: list[UUID]) -> dict[UUID, Standing]:
    rows = Job.objects.filter(pk__in=job_ids).values_list("pk", *Standing._fields)
    return {job_id: Standing(*columns) for job_id, *columns in rows}


def _load(job_ids: Collection[UUID]) -> dict[UUID, Job]:
    return {job.pk: job for job in Job.objects.filter(pk__in=job_ids).defer("package")}


watch = JobWatch()
