"""What is known of an enqueued task, out of its job."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django_q.models import Task as TaskRow
from django_q.signing import BadSignature

from processing.models import Job
from processing.models.states import State
from processing.queue.package import UnreadablePackage, read_package
from processing.queue.tasks_backend.call import TaskCall, set_return_value
from processing.queue.tasks_backend.failure import find_errors
from processing.queue.tasks_backend.interface import (
    TaskResult,
    TaskResultDoesNotExist,
    TaskResultStatus,
)
from processing.queue.tasks_backend.submit import RUN_TASK

STATUSES = {
    State.QUEUED: TaskResultStatus.READY,
    State.RUNNING: TaskResultStatus.RUNNING,
    State.SUCCEEDED: TaskResultStatus.SUCCESSFUL,
    State.FAILED: TaskResultStatus.FAILED,
    State.CANCELLED: TaskResultStatus.FAILED,
}
COLUMNS = (
    *("id", "package", "state", "started_at", "finished_at", "claimed_by", "history", "result"),
    *("error_code", "error_message", "error_traceback"),
)


def find_result(result_id: str) -> TaskResult[Any]:
    """The result with this id, of a task of any backend of ours.

    Raises TaskResultDoesNotExist, also when it was kept for long enough, and what
    `TaskCall.load_task` raises.
    """
    try:
        job = Job.objects.only(*COLUMNS).get(pk=UUID(result_id))
    except (ValueError, Job.DoesNotExist) as error:
        raise TaskResultDoesNotExist(result_id) from error
    call = _read_call(job)
    result = call.make_result(
        call.load_task(),
        str(job.pk),
        status=STATUSES[State(job.state)],
        finished_at=job.finished_at,
        errors=find_errors(job),
        **tell_attempts(job),
    )
    if job.state == State.SUCCEEDED:
        set_return_value(result, _load_value(job))
    return result


def tell_attempts(job: Job) -> dict[str, Any]:
    """The fields of a result that tell of the attempts at `job`: those that began, in order.

    A worker that is still at it is known by the name of its cluster.
    """
    begun = [past for past in job.past_deliveries if past["started_at"] is not None]
    starts = [datetime.fromisoformat(past["started_at"]) for past in begun]
    worker_ids = [past["where"] for past in begun]
    if job.state == State.RUNNING:
        worker_ids.append(job.claimed_by)
    last_start = job.started_at or (starts[-1] if starts else None)
    return {
        "started_at": starts[0] if len(worker_ids) > 1 else last_start,
        "last_attempted_at": last_start,
        "worker_ids": worker_ids,
    }


def _read_call(job: Job) -> TaskCall:
    try:
        task = read_package(job.package)
    except (BadSignature, UnreadablePackage) as error:
        raise TaskResultDoesNotExist(str(job.pk)) from error
    if task["func"] != RUN_TASK:
        raise TaskResultDoesNotExist(str(job.pk))
    return TaskCall.read(task["args"][0])


def _load_value(job: Job) -> Any:
    """What the task returned: small JSON is on the job, the rest in django-q2's table."""
    if job.result is not None:
        return json.loads(job.result)
    rows = TaskRow.objects.filter(pk=job.pk.hex).values_list("result", flat=True)
    for value in rows[:1]:
        return value
    raise TaskResultDoesNotExist(str(job.pk))
