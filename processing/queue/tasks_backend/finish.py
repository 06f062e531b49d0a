"""Telling the receivers of `task_finished` how a task ended.

One that returned is told of at once, in its seat. Whether one that failed has ended, and what of,
is decided when it is settled; it is told of in the job that django-q2's hook makes behind it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.dispatch import receiver
from django.utils import timezone
from django_q.models import Task as TaskRow
from django_q.signals import post_execute_in_worker

from processing.queue.tasks_backend.call import set_return_value
from processing.queue.tasks_backend.interface import TaskResult, TaskResultStatus, task_finished
from processing.queue.tasks_backend.results import find_result
from processing.queue.tasks_backend.submit import RUN_TASK


class TaskFailed(Exception):
    """A task failed for good; the message is its traceback."""


def announce_success(result: TaskResult[Any], value: Any) -> None:
    """In the seat: tell that the task which `result` is of returned `value`."""
    ended = replace(result, status=TaskResultStatus.SUCCESSFUL, finished_at=timezone.now())
    set_return_value(ended, value)
    _send(ended)


@receiver(post_execute_in_worker, dispatch_uid="processing.drop_hook")
def drop_hook(sender: Any, task: dict[str, Any], **kwargs: Any) -> None:
    """In the seat: spare a task that returned the job behind it."""
    if task["func"] == RUN_TASK and task["success"]:
        task.pop("hook", None)


def announce_failure(row: TaskRow) -> None:
    """django-q2's hook, behind a task that failed for good."""
    result = find_result(row.id)
    if result.status != TaskResultStatus.FAILED:
        return  # somebody has had it queued again
    try:
        raise TaskFailed(result.errors[0].traceback)  # for receivers that log what is handled
    except TaskFailed:
        _send(result)


def _send(result: TaskResult[Any]) -> None:
    task_finished.send_robust(type(result.task.get_backend()), task_result=result)
