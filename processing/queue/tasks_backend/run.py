"""The one function that the queue calls for tasks: load the task, call it, tell of it."""

from __future__ import annotations

import json
import os
import socket
from typing import Any

from django.utils import timezone
from django_q.exceptions import TimeoutException

from processing.models import Job
from processing.queue.claims import Delivery
from processing.queue.current import current
from processing.queue.run import NotOurs
from processing.queue.tasks_backend import finish
from processing.queue.tasks_backend.call import TaskCall
from processing.queue.tasks_backend.failure import note_class
from processing.queue.tasks_backend.interface import (
    Task,
    TaskContext,
    TaskResult,
    TaskResultStatus,
    normalize_json,
    task_started,
)
from processing.queue.tasks_backend.results import tell_attempts


def run_task(text: str) -> Any:
    """Run the task that `TaskCall.write` wrote down in `text`, as the job of this seat.

    Returns what the task returned, as plain JSON. Receivers of signals that fail are logged and
    change nothing.
    """
    delivery = current.delivery
    if delivery is None:
        raise NotOurs("A task of the queue runs only as its job.")
    call = TaskCall.read(text)
    task = call.load_task()
    result = call.make_result(
        task,
        str(delivery.job_id),
        status=TaskResultStatus.RUNNING,
        **_tell_attempts(delivery),
    )
    task_started.send_robust(type(task.get_backend()), task_result=result)
    try:
        value = _call(task, result)
    except TimeoutException:
        raise  # of the cluster, which knows what became of the task
    except BaseException as error:
        note_class(error)
        raise
    finish.announce_success(result, value)
    return value


def call_again(text: str, result_id: str) -> Any:
    """Call the task once more without telling anybody: no signals, no attempt, no outcome."""
    call = TaskCall.read(text)
    task, now = call.load_task(), timezone.now()
    told = {"started_at": now, "last_attempted_at": now, "worker_ids": [_name_worker()]}
    result = call.make_result(task, result_id, status=TaskResultStatus.RUNNING, **told)
    return _call(task, result)


def _call(task: Task[Any, Any], result: TaskResult[Any]) -> Any:
    context = [TaskContext(task_result=result)] if task.takes_context else []
    value = task.call(*context, *result.args, **result.kwargs)
    return json.loads(json.dumps(normalize_json(value)))


def _tell_attempts(delivery: Delivery) -> dict[str, Any]:
    """The fields of the result that tell of this attempt, and of those before it if there are."""
    worker_id = _name_worker()
    if delivery.number == 1:
        now = timezone.now()
        return {"started_at": now, "last_attempted_at": now, "worker_ids": [worker_id]}
    held = Job.objects.held_by(delivery.job_id, delivery.number)
    job = held.only("state", "started_at", "claimed_by", "history").first()
    if job is None:
        raise NotOurs(f"Delivery {delivery} is not the one that runs.")
    told = tell_attempts(job)
    return told | {"worker_ids": [*told["worker_ids"][:-1], worker_id]}


def _name_worker() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"
