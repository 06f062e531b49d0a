"""What django-q2's signals do to jobs."""

from __future__ import annotations

from typing import Any

from django_q.signals import post_execute_in_worker, pre_enqueue, pre_execute

from processing.queue.broker import keep_task
from processing.queue.claims import Delivery
from processing.queue.seat import seat
from processing.queue.settle import settle_task


def connect() -> None:
    """Connect the receivers; connecting twice is harmless."""
    pre_enqueue.connect(remember_package, dispatch_uid="processing.remember_package")
    pre_execute.connect(take_seat, dispatch_uid="processing.take_seat")
    post_execute_in_worker.connect(settle_job, dispatch_uid="processing.settle_job")


def remember_package(sender: Any, task: dict[str, Any], **kwargs: Any) -> None:
    """In the caller, before the task is signed."""
    keep_task(task)


def take_seat(sender: Any, task: dict[str, Any], **kwargs: Any) -> None:
    """In the worker, before the task runs; a task without `ack_id` runs in its caller."""
    if "ack_id" in task:
        task["delivery"] = task["ack_id"]
        seat.take(Delivery.parse(task["ack_id"]))


def settle_job(sender: Any, task: dict[str, Any], **kwargs: Any) -> None:
    """In the worker, when the task has ended: what comes after it can be lost, the outcome not."""
    if "delivery" in task:
        seat.leave()
        settle_task(task)
