"""A job: one row is the queue's entry, the job's history and what its caller sees."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, Concat, Now
from django.utils import timezone

from processing.errors import IllegalState
from processing.models.job_indexes import INDEXES
from processing.models.job_query import JobQuerySet
from processing.models.states import (
    CANCELLABLE_STATES,
    FINAL_STATES,
    NO_CLAIM,
    NO_ERROR,
    PRIORITY_OFFSET_SECONDS,
    RETRYABLE_STATES,
    SPARE_DELIVERIES,
    Priority,
    State,
)
from processing.models.upload import Upload

#: A job that is retried by hand again and again keeps what became of so many deliveries.
HISTORY_MOST_LINES = 50


class Job(models.Model):
    """One piece of background work.

    `deliveries` grows each time a worker takes the job. With the id it is the fence: only the
    delivery that is running now may settle the job. `attempts` counts starts that ended in the
    task's own way or with the death of its seat; a start that was lost with its whole cluster is a
    delivery only.

    A job that `runs_alone` took more memory than it may: its next attempt has all the room there
    is, while nothing else runs, and `allocation_profile` keeps what it allocated then, as JSON: the
    lines that held most, the largest first; see memory.allocations.LineUse.
    """

    State = State

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    queue = models.CharField(max_length=100)
    name = models.CharField(max_length=100)
    function = models.CharField(max_length=256)
    processor = models.CharField(max_length=100, blank=True, default="", db_default="")
    caller = models.CharField(max_length=64, blank=True, default="", db_default="")
    package = models.TextField()
    package_bytes = models.PositiveIntegerField(default=0, db_default=0)

    state = models.CharField(
        max_length=10, choices=State.choices, default=State.QUEUED, db_default=State.QUEUED
    )
    priority = models.CharField(
        max_length=6, choices=Priority.choices, default=Priority.NORMAL, db_default=Priority.NORMAL
    )
    created_at = models.DateTimeField(default=timezone.now)
    run_after = models.DateTimeField(default=timezone.now)
    order_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    progress = models.FloatField(null=True)

    cancel_requested_at = models.DateTimeField(null=True)

    claimed_by = models.CharField(max_length=100, blank=True, default="", db_default="")
    lease_expires_at = models.DateTimeField(null=True)
    deliveries = models.PositiveIntegerField(default=0, db_default=0)
    delivery_limit = models.PositiveIntegerField()
    attempts = models.PositiveIntegerField(default=0, db_default=0)
    max_attempts = models.PositiveIntegerField()
    history = models.TextField(blank=True, default="", db_default="")
    timeout_seconds = models.FloatField(null=True)
    memory_limit_bytes = models.BigIntegerField(null=True)
    peak_memory_bytes = models.BigIntegerField(null=True)
    runs_alone = models.BooleanField(default=False, db_default=False)
    allocation_profile = models.TextField(blank=True, default="", db_default="")

    error_code = models.CharField(max_length=40, blank=True, default="", db_default="")
    error_message = models.TextField(blank=True, default="", db_default="")
    error_traceback = models.TextField(blank=True, default="", db_default="")

    result = models.TextField(null=True)  # noqa: DJ001  (null: none yet; "null" is a JSON result)
    result_name = models.CharField(max_length=200, blank=True, default="", db_default="")
    result_bytes = models.BigIntegerField(null=True)
    result_sha256 = models.CharField(max_length=64, blank=True, default="", db_default="")
    result_media_type = models.CharField(max_length=100, blank=True, default="", db_default="")
    result_expires_at = models.DateTimeField(null=True)

    source_bytes = models.BigIntegerField(default=0, db_default=0)
    upload = models.OneToOneField(Upload, null=True, on_delete=models.SET_NULL, related_name="job")
    idempotency_key = models.CharField(max_length=255, null=True)  # noqa: DJ001  (null: unique)
    request_sha256 = models.CharField(max_length=64, blank=True, default="", db_default="")

    objects: ClassVar = JobQuerySet.as_manager()

    class Meta:
        indexes = INDEXES
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

    @property
    def past_deliveries(self) -> list[dict[str, Any]]:
        """What became of each delivery that has ended, the first one first.

        Each has "delivery", "started_at" and "ended_at" (ISO 8601, UTC; the first null for one
        that never started), "where" ("host:process id"), "outcome" (a state, an error code or
        "given back") and "charged" (whether it counted as an attempt).
        """
        return [json.loads(line) for line in self.history.splitlines()]

    @property
    def allocated_lines(self) -> list[dict[str, Any]]:
        """The lines of the allocation profile, the largest first; none without one.

        Each has "place" ("file:line"), "line" (what it says), "bytes", "blocks" (0 where they were
        not counted), and may have "detail" (the line of a library that it was in).
        """
        return json.loads(self.allocation_profile) if self.allocation_profile else []

    def cancel(self) -> None:
        """Cancel a queued job at once, or ask the cluster that runs it to stop it.

        Raises IllegalState for a finished one.
        """
        waiting = Job.objects.filter(pk=self.pk, state=State.QUEUED)
        if not waiting.update(state=State.CANCELLED, finished_at=timezone.now()):
            asked_at = Coalesce("cancel_requested_at", Now(), output_field=models.DateTimeField())
            self._move(CANCELLABLE_STATES, F("state"), cancel_requested_at=asked_at)
            # It may have been queued again in between.
            waiting.update(state=State.CANCELLED, finished_at=timezone.now())
        self.refresh_from_db()

    def retry(self) -> None:
        """Queue a failed or cancelled job again, attempts reset. Raises IllegalState otherwise."""
        self.refresh_from_db(fields=["history"])
        lines = self.history.splitlines(keepends=True)
        self._move(
            RETRYABLE_STATES,
            State.QUEUED,
            attempts=0,
            delivery_limit=F("deliveries") + F("max_attempts") + SPARE_DELIVERIES,
            run_after=Now(),
            order_at=self.order_after(0),
            started_at=None,
            finished_at=None,
            progress=None,
            peak_memory_bytes=None,
            runs_alone=False,
            allocation_profile="",
            cancel_requested_at=None,
            history="".join(lines[-HISTORY_MOST_LINES:]),
            **NO_ERROR,
        )

    def order_after(self, delay_seconds: float, priority: str = "") -> Any:
        """The place of `priority`, or this job's, among those due `delay_seconds` from now."""
        offset_seconds = PRIORITY_OFFSET_SECONDS[Priority(priority or self.priority)]
        return Now() + timedelta(seconds=delay_seconds + offset_seconds)

    def end(self, delivery: int, state: str, **changes: Any) -> bool:
        """End this delivery in a final state; False when it is no longer the running one."""
        return self._settle(delivery, state=state, finished_at=Now(), **changes)

    def give_back(
        self,
        delivery: int,
        *,
        delay_seconds: float | None = None,
        priority: str = "",
        **changes: Any,
    ) -> bool:
        """Queue the job again; False when the delivery is not the running one.

        With `delay_seconds` it is due then, and takes the place of its priority among those, or of
        the `priority` given for this once; without, it is due at once and has its old place.
        """
        if delay_seconds is not None:
            changes["run_after"] = Now() + timedelta(seconds=delay_seconds)
            changes["order_at"] = self.order_after(delay_seconds, priority)
        return self._settle(delivery, state=State.QUEUED, progress=None, **changes)

    def _settle(self, delivery: int, *, charged: bool, line: str, **changes: Any) -> bool:
        """`charged` makes the delivery an attempt; `line` is what the history keeps of it."""
        running = Job.objects.held_by(self.pk, delivery)
        attempts = F("attempts") + int(charged)
        history = Concat(F("history"), Value(line))
        if not running.update(attempts=attempts, history=history, **changes, **NO_CLAIM):
            return False
        self.state = changes["state"]
        return True

    def _move(self, sources: Iterable[str], target: Any, **changes: Any) -> None:
        movable = Job.objects.filter(pk=self.pk, state__in=list(sources))
        if not movable.update(state=target, **changes):
            self.refresh_from_db(fields=["state"])
            raise IllegalState(f"The job is {self.state}; this needs {' or '.join(sources)}.")
        self.refresh_from_db()
