"""What django-q2's signals do to jobs."""

from __future__ import annotations

from typing import Any

from django_q.signals import pre_enqueue

from processing.queue.broker import keep_task


def connect() -> None:
    """Connect the receivers; connecting twice is harmless."""
    pre_enqueue.connect(remember_package, dispatch_uid="processing.remember_package")


def remember_package(sender: Any, task: dict[str, Any], **kwargs: Any) -> None:
    """In the caller, before the task is signed."""
    keep_task(task)
