"""Jobs that run, and how they end."""

from __future__ import annotations

from datetime import timedelta
from time import monotonic
from typing import Any

from django.utils import timezone

from processing.models import Job
from processing.queue.claims import Delivery
from processing.queue.cluster.report import make_task_row
from processing.queue.ending import SUCCEEDED, Ending
from processing.queue.failures import make_error
from tests.factories import make_job

CLUSTER = "here"
PLACE = "host:101"
OVER = "memory_limit_exceeded"


def make_running_job(**columns: Any) -> Job:
    """A plain task in its first delivery."""
    now = timezone.now()
    defaults = {
        "processor": "",
        "function": "any.function",
        "state": "running",
        "deliveries": 1,
        "claimed_by": CLUSTER,
        "started_at": now,
        "lease_expires_at": now + timedelta(seconds=15),
    }
    return make_job(**(defaults | columns))


def make_ended(count: int, **columns: Any) -> None:
    """Jobs of the kind that `make_running_job` makes, the first of them the oldest."""
    now = timezone.now()
    for number in range(count):
        moment = now - timedelta(seconds=count - number)
        defaults = {"state": "succeeded", "deliveries": 1, "created_at": moment}
        make_running_job(**(defaults | {"run_after": moment, "finished_at": moment} | columns))


def make_parked(count: int, **columns: Any) -> None:
    make_ended(count, **({"state": "failed", "error_code": OVER} | columns))


def read_delivery(job: Job) -> Delivery:
    """The delivery of it that this row knows."""
    return Delivery(job_id=job.pk, number=job.deliveries)


def make_good_ending(job: Job, **given: Any) -> Ending:
    """The job's task returned, two seconds after it began."""
    now = monotonic()
    defaults = {"outcome": SUCCEEDED, "began_at": now - 2, "ended_at": now, "where": PLACE}
    return Ending(delivery=read_delivery(job), **(defaults | given))


def make_bad_ending(job: Job, **given: Any) -> Ending:
    """The job's task raised an error, two seconds after it began."""
    return make_good_ending(
        job, **({"outcome": "task_error", "error": make_error("task_error", "no")} | given)
    )


def make_task(job: Job, **given: Any) -> dict[str, Any]:
    """The task of the job as django-q2's loop leaves it."""
    now = timezone.now()
    defaults = {
        "id": job.pk.hex,
        "name": job.name,
        "func": job.function,
        "args": (1,),
        "kwargs": {},
        "result": "done",
        "success": True,
        "started": now,
        "stopped": now,
    }
    return defaults | given


def make_row(job: Job, **given: Any) -> dict[str, Any]:
    """The row that django-q2's table gets of it."""
    return make_task_row(make_task(job, **given))
