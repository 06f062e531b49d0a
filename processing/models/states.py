"""Where a job can stand, and what goes with it."""

from __future__ import annotations

from typing import Any

from django.db import models


class State(models.TextChoices):
    """Where a job stands; the last three are final until someone retries it."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Priority(models.TextChoices):
    """Which of two waiting jobs goes first."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


#: Seconds by which a priority moves a job's place among those that wait: a place in time, so that
#: nothing starves. A high job passes what came in the minute before it; a low one lets pass what
#: comes in the ten minutes after it.
PRIORITY_OFFSET_SECONDS = {Priority.LOW: 600, Priority.NORMAL: 0, Priority.HIGH: -60}

LIVE_STATES = (State.QUEUED, State.RUNNING)
FINAL_STATES = (State.SUCCEEDED, State.FAILED, State.CANCELLED)
RETRYABLE_STATES = (State.FAILED, State.CANCELLED)
CANCELLABLE_STATES = (State.QUEUED, State.RUNNING)

ERROR_CODES = (
    "task_error",
    "timeout",
    "memory_limit_exceeded",
    "worker_lost",
    "result_too_large",
)

NO_ERROR: dict[str, Any] = {"error_code": "", "error_message": "", "error_traceback": ""}
NO_CLAIM: dict[str, Any] = {"lease_expires_at": None, "claimed_by": ""}

#: The caller of what no request submitted: schedules, and tasks of the operator's own code.
SYSTEM_CALLER = "system"

#: A job is handed out this many times more than it may be attempted: losing a whole cluster, as
#: each deploy does, is not the job's fault, yet a job that takes clusters down must come to an end.
SPARE_DELIVERIES = 10
