"""What django-q2's signals do to jobs."""

from __future__ import annotations

from typing import Any

from django_q.signals import post_execute, post_execute_in_worker, pre_enqueue, pre_execute

from processing.queue.broker import keep_task
from processing.queue.claims import Delivery
from processing.queue.leases import keeper
from processing.queue.settle import settle_task


def connect() -> None:
    """Connect the receivers; connecting twice is harmless."""
    pre_enqueue.connect(remember_package, dispatch_uid="processing.remember_package")
    pre_execute.connect(hold_lease, dispatch_uid="processing.hold_lease")
    post_execute_in_worker.connect(release_lease, dispatch_uid="processing.release_lease")
    post_execute.connect(settle_job, dispatch_uid="processing.settle_job")


def remember_package(sender: Any, task: dict[str, Any], **kwargs: Any) -> None:
    """In the caller, before the task is signed."""
    keep_task(task)


def hold_lease(sender: Any, task: dict[str, Any], **kwargs: Any) -> None:
    """In the worker, before the task runs; a task without `ack_id` runs in its caller."""
    if "ack_id" in task:
        task["delivery"] = task["ack_id"]
        keeper.hold(Delivery.parse(task["ack_id"]))


def release_lease(sender: Any, task: dict[str, Any], **kwargs: Any) -> None:
    """In the worker, when the task has ended."""
    keeper.release()


def settle_job(sender: Any, task: dict[str, Any], **kwargs: Any) -> None:
    """In the monitor, when the task's outcome was saved."""
    if "delivery" in task:
        settle_task(task)
