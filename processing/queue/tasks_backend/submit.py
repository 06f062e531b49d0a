"""Putting the call of a task on the queue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django_q.tasks import async_task

from processing.models.states import Priority
from processing.queue.broker import DatabaseBroker
from processing.queue.options import JobOptions
from processing.queue.tasks_backend.call import TaskCall
from processing.queue.tasks_backend.interface import InvalidTask

RUN_TASK = "processing.queue.tasks_backend.run.run_task"
ANNOUNCE_FAILURE = "processing.queue.tasks_backend.finish.announce_failure"

MIB = 1024 * 1024


def submit_call(call: TaskCall, *, limits: Mapping[str, Any], cluster: str | None) -> UUID:
    """Queue the call in the caller's transaction; returns the id of its job.

    The job bears the name of the task, not that of our function around it. `cluster` is the queue,
    the project's own where it is None. Raises InvalidTask for a time or a count beyond any use.
    """
    given = {**_choose_options(call, limits).given, "function": call.path[:256]}
    if "memory_limit_mb" in limits:
        given["memory_limit_bytes"] = int(limits["memory_limit_mb"] * MIB)
    options: dict[str, Any] = {
        "broker": DatabaseBroker.for_job(given),
        "task_name": call.path.rpartition(".")[2],
        "hook": ANNOUNCE_FAILURE,
        "save": True,  # a result that is not small is kept in django-q2's table alone
        "cached": False,
    }
    if "timeout_seconds" in limits:
        options["timeout"] = limits["timeout_seconds"]
    if cluster is not None:
        options["cluster"] = cluster
    return UUID(async_task(RUN_TASK, call.write(), q_options=options))


def _choose_options(call: TaskCall, limits: Mapping[str, Any]) -> JobOptions:
    try:
        return JobOptions(
            priority=choose_priority(call.priority).value,
            run_after=call.run_after,
            max_attempts=limits.get("max_attempts"),
        )
    except ValueError as error:
        raise InvalidTask(str(error)) from error


def choose_priority(number: int) -> Priority:
    """The queue's priority for one of -100 to 100, of which 0 is the usual one."""
    if number == 0:
        return Priority.NORMAL
    return Priority.HIGH if number > 0 else Priority.LOW
