"""Questions about jobs: what views, commands and the queue ask for, by name."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q

from processing.models.job_indexes import (
    NOT_RUNNING,
    OF_A_NAMED_CALLER,
    OF_A_PROCESSOR,
    OVER_LIMIT,
    WITH_STORED_RESULT,
)
from processing.models.states import FINAL_STATES, LIVE_STATES, SYSTEM_CALLER, State

if TYPE_CHECKING:
    from processing.models.job import Job

#: So many hexadecimal digits are taken for the beginning of an id.
ID_DIGITS = re.compile(r"[0-9a-f]{6,32}")


class JobQuerySet(models.QuerySet["Job"]):
    """Questions about jobs, and the transitions of many at once."""

    def fitting(self, *, states: Sequence[str], processor: str | None) -> JobQuerySet:
        """Jobs in one of `states` and of `processor`; an empty value allows any.

        SQLite keeps no statistics and would take the index of states even where the processor's
        leads to fewer jobs. So one is offered at a time.
        """
        if processor:
            jobs = self.of_processor(processor)
            return jobs.filter(state__in=states) if states else jobs
        return self.in_state(*states) if states else self

    def in_state(self, *states: str) -> JobQuerySet:
        """Jobs in one of these states."""
        if State.RUNNING in states:
            return self.filter(pk__in=self._find_running(states))
        if len(states) == 1:
            return self.filter(NOT_RUNNING, state=states[0])
        return self.filter(NOT_RUNNING, state__in=states)

    def live(self) -> JobQuerySet:
        """Jobs that still have work to do."""
        return self.in_state(*LIVE_STATES)

    def of_processor(self, name: str) -> JobQuerySet:
        """Jobs of that processor; with an empty name, of plain functions."""
        jobs = self.filter(processor=name)
        return jobs.filter(OF_A_PROCESSOR) if name else jobs

    def like(self, job: Job) -> JobQuerySet:
        """Jobs that do the same: of its processor, or of its function where it has none."""
        return self.filter(processor=job.processor, function=job.function)

    def over_limit(self) -> JobQuerySet:
        """Jobs that took more memory than they may, in an attempt since they were queued anew."""
        return self.filter(OVER_LIMIT)

    def held_by(self, job_id: uuid.UUID, delivery: int) -> JobQuerySet:
        """The job, as long as it runs and this is the delivery that runs it."""
        return self.filter(pk=job_id, state=State.RUNNING, deliveries=delivery)

    def with_key(self, caller: str, key: str) -> JobQuerySet:
        """The one job, if there is one, that this caller asked for under that Idempotency-Key."""
        return self.filter(caller=caller, idempotency_key=key)

    def visible_to(self, caller: str, *, sees_all: bool) -> JobQuerySet:
        """The jobs this caller may see: its own, or every one for staff and operators."""
        if sees_all:
            return self
        own = self.filter(caller=caller)
        return own if caller in ("", SYSTEM_CALLER) else own.filter(OF_A_NAMED_CALLER)

    def newest_first(self, after: tuple[datetime, uuid.UUID] | None = None) -> JobQuerySet:
        """Jobs in descending order of creation, from behind the position `after`."""
        jobs = self.order_by("-created_at", "-id")
        if after is None:
            return jobs
        created_at, job_id = after
        older = Q(created_at__lt=created_at) | Q(created_at=created_at, id__lt=job_id)
        return jobs.filter(older, created_at__lte=created_at)

    def matching(self, text: str) -> JobQuerySet:
        """Jobs with an id that begins so, else with that in a name or as idempotency key."""
        digits = text.replace("-", "").lower()
        if ID_DIGITS.fullmatch(digits):
            span = uuid.UUID(digits.ljust(32, "0")), uuid.UUID(digits.ljust(32, "f"))
            found = self.filter(pk__range=span)
            if found.exists():
                return found
        named = Q(name__icontains=text) | Q(function__icontains=text)
        return self.filter(named | Q(idempotency_key=text))

    def finished_before(self, moment: datetime) -> JobQuerySet:
        """Jobs that came to an end before `moment`."""
        return self.in_state(*FINAL_STATES).filter(finished_at__lt=moment, created_at__lt=moment)

    def with_expired_result(self, moment: datetime) -> JobQuerySet:
        """Jobs whose result is still stored although it was to be kept until `moment` only."""
        stored = Q(result__isnull=False) | ~Q(result_name="")
        return self.filter(stored, result_expires_at__lte=moment, created_at__lte=moment)

    def with_stored_result(self) -> JobQuerySet:
        """Jobs whose result is a file in the store."""
        return self.filter(WITH_STORED_RESULT)

    def without_bulk(self) -> JobQuerySet:
        """Jobs without the columns that may be large and that lists do not show."""
        return self.defer("package", "error_traceback", "result", "allocation_profile")

    def _find_running(self, states: Sequence[str]) -> models.QuerySet[Job, Any]:
        """The ids of jobs in `states`, running ones among them, which no index has in order."""
        jobs = self.model.objects.order_by()
        running = jobs.filter(state=State.RUNNING).values("pk")
        others = [state for state in states if state != State.RUNNING]
        return running.union(jobs.in_state(*others).values("pk"), all=True) if others else running
