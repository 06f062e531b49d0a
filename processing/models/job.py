"""A job: one row is the queue's entry, the job's history and what its caller sees."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from processing.errors import IllegalState
from processing.models.states import (
    CANCELLABLE_STATES,
    FINAL_STATES,
    LIVE_STATES,
    NO_CLAIM,
    NO_ERROR,
    RETRYABLE_STATES,
    SPARE_DELIVERIES,
    State,
)
from processing.models.upload import Upload

#: So many hexadecimal digits are taken for the beginning of an id.
ID_DIGITS = re.compile(r"[0-9a-f]{6,32}")


class JobQuerySet(models.QuerySet["Job"]):
    """Questions about jobs, and the transitions of many at once."""

    def live(self) -> JobQuerySet:
        """Jobs that still have work to do."""
        return self.filter(state__in=LIVE_STATES)

    def held_by(self, job_id: uuid.UUID, delivery: int) -> JobQuerySet:
        """The job, as long as it runs and this is the delivery that runs it."""
        return self.filter(pk=job_id, state=State.RUNNING, deliveries=delivery)

    def with_key(self, caller: str, key: str) -> JobQuerySet:
        """The one job, if there is one, that this caller asked for under that Idempotency-Key."""
        return self.filter(caller=caller, idempotency_key=key)

    def visible_to(self, caller: str, *, sees_all: bool) -> JobQuerySet:
        """The jobs this caller may see: its own, or every one for staff and operators."""
        return self if sees_all else self.filter(caller=caller)

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
        return self.filter(state__in=FINAL_STATES, finished_at__lt=moment, created_at__lt=moment)

    def with_expired_result(self, moment: datetime) -> JobQuerySet:
        """Jobs whose result is still stored although it was to be kept until `moment` only."""
        stored = Q(result__isnull=False) | ~Q(result_name="")
        return self.filter(stored, result_expires_at__lte=moment, created_at__lte=moment)

    def without_bulk(self) -> JobQuerySet:
        """Jobs without the columns that may be large and that lists do not show."""
        return self.defer("package", "error_traceback", "result")


class Job(models.Model):
    """One piece of background work.

    `deliveries` grows each time a worker takes the job. With the id it is the fence: only the
    delivery that is running now may settle the job. `attempts` counts starts that ended in the
    task's own way or with the death of its seat; a start that was lost with its whole cluster is a
    delivery only.
    """

    State = State

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    queue = models.CharField(max_length=100)
    name = models.CharField(max_length=100)
    function = models.CharField(max_length=256)
    processor = models.CharField(max_length=100, blank=True)
    caller = models.CharField(max_length=64, blank=True)
    package = models.TextField()

    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    created_at = models.DateTimeField(default=timezone.now)
    run_after = models.DateTimeField(default=timezone.now)
    order_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    progress = models.FloatField(null=True)

    claimed_by = models.CharField(max_length=100, blank=True)
    seat_pid = models.PositiveIntegerField(null=True)
    lease_expires_at = models.DateTimeField(null=True)
    deliveries = models.PositiveIntegerField(default=0)
    delivery_limit = models.PositiveIntegerField()
    attempts = models.PositiveIntegerField(default=0)
    max_attempts = models.PositiveIntegerField()
    timeout_seconds = models.PositiveIntegerField(null=True)
    memory_limit_bytes = models.BigIntegerField(null=True)
    peak_memory_bytes = models.BigIntegerField(null=True)

    error_code = models.CharField(max_length=40, blank=True)
    error_message = models.TextField(blank=True)
    error_traceback = models.TextField(blank=True)

    result = models.TextField(null=True)  # noqa: DJ001  (null: none yet; "null" is a JSON result)
    result_name = models.CharField(max_length=200, blank=True)
    result_bytes = models.BigIntegerField(null=True)
    result_sha256 = models.CharField(max_length=64, blank=True)
    result_media_type = models.CharField(max_length=100, blank=True)
    result_expires_at = models.DateTimeField(null=True)

    source_bytes = models.BigIntegerField(default=0)
    upload = models.OneToOneField(Upload, null=True, on_delete=models.SET_NULL, related_name="job")
    idempotency_key = models.CharField(max_length=255, null=True)  # noqa: DJ001  (null: unique)
    request_sha256 = models.CharField(max_length=64, blank=True)

    objects: ClassVar = JobQuerySet.as_manager()

    class Meta:
        indexes = (
            models.Index(
                name="job_claim", fields=["queue", "order_at"], condition=Q(state="queued")
            ),
            models.Index(
                name="job_lease", fields=["lease_expires_at"], condition=Q(state="running")
            ),
            models.Index(name="job_newest", fields=["created_at", "id"]),
            models.Index(name="job_state", fields=["state", "created_at"]),
            models.Index(name="job_processor", fields=["processor", "created_at"]),
            models.Index(
                name="job_caller", fields=["caller", "created_at"], condition=~Q(caller="")
            ),
        )
        constraints = (
            models.UniqueConstraint(
                name="one_job_per_idempotency_key",
                fields=["caller", "idempotency_key"],
                condition=Q(idempotency_key__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.processor or self.function} {self.id}"

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens to the job by itself."""
        return self.state in FINAL_STATES

    @property
    def result_expired(self) -> bool:
        """Whether the result was there and has been kept for long enough."""
        return self.result_expires_at is not None and self.result_expires_at <= timezone.now()

    def cancel(self) -> None:
        """Take a queued job off the queue. Raises IllegalState for any other."""
        self._move(CANCELLABLE_STATES, State.CANCELLED, finished_at=timezone.now())

    def retry(self) -> None:
        """Queue a failed or cancelled job again, attempts reset. Raises IllegalState otherwise."""
        self._move(
            RETRYABLE_STATES,
            State.QUEUED,
            attempts=0,
            delivery_limit=F("deliveries") + F("max_attempts") + SPARE_DELIVERIES,
            run_after=Now(),
            order_at=Now(),
            started_at=None,
            finished_at=None,
            progress=None,
            peak_memory_bytes=None,
            **NO_ERROR,
        )

    def succeed(self, *, delivery: int, keep_seconds: float) -> bool:
        """End this delivery well; False when it is no longer the running one."""
        now = timezone.now()
        return self._settle(
            delivery,
            state=State.SUCCEEDED,
            finished_at=now,
            progress=1.0,
            result_expires_at=now + timedelta(seconds=keep_seconds),
            **NO_ERROR,
        )

    def fail(self, *, delivery: int, error: Mapping[str, Any]) -> bool:
        """End this delivery for good; `error` has error_code, error_message, error_traceback."""
        return self._settle(delivery, state=State.FAILED, finished_at=timezone.now(), **error)

    def give_back(self, *, delivery: int, delay_seconds: float, error: Mapping[str, Any]) -> bool:
        """Queue the job again after an attempt that failed, to run in `delay_seconds`."""
        due = Now() + timedelta(seconds=delay_seconds)
        return self._settle(
            delivery, state=State.QUEUED, run_after=due, order_at=due, progress=None, **error
        )

    def lose(self, *, seat_died: bool, error: Mapping[str, Any]) -> bool:
        """Take the running delivery back from a worker that is gone; False when it was settled.

        The job is queued again at once while it has attempts and deliveries left. It is an attempt
        when the seat died by itself, and a delivery only when its cluster is gone.
        """
        attempts = self.attempts + seat_died
        if attempts < self.max_attempts and self.deliveries < self.delivery_limit:
            left: dict[str, Any] = {"state": State.QUEUED, "progress": None}
        else:
            left = {"state": State.FAILED, "finished_at": timezone.now()}
        return self._settle(self.deliveries, attempted=seat_died, **left, **error)

    def _settle(self, delivery: int, *, attempted: bool = True, **changes: Any) -> bool:
        running = Job.objects.held_by(self.pk, delivery)
        changes |= {"attempts": F("attempts") + int(attempted), **NO_CLAIM}
        return bool(running.update(**changes))

    def _move(self, sources: Iterable[str], target: str, **changes: Any) -> None:
        movable = Job.objects.filter(pk=self.pk, state__in=list(sources))
        if not movable.update(state=target, **changes):
            self.refresh_from_db(fields=["state"])
            raise IllegalState(f"The job is {self.state}; this needs {' or '.join(sources)}.")
        self.refresh_from_db()
