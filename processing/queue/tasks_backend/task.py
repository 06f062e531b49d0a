"""What `@task` makes of a function: a task that may have limits of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from processing.queue.tasks_backend.interface import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class PlimsollTask(Task):  # type: ignore[type-arg]  # that of Django 6 takes no parameters
    """A task with limits, each of them None where the backend's OPTIONS are to decide."""

    timeout_seconds: float | None = None
    memory_limit_mb: float | None = None
    max_attempts: int | None = None


#: The limits, in the order in which they are explained.
LIMITS = ("timeout_seconds", "memory_limit_mb", "max_attempts")


def read_limits(task: Task[Any, Any]) -> dict[str, Any]:
    """The limits that the task has of its own."""
    limits = {name: getattr(task, name, None) for name in LIMITS}
    return {name: value for name, value in limits.items() if value is not None}


def find_wrong_limit(limits: Mapping[str, Any]) -> str:
    """What is wrong with the first limit that makes no sense; empty when all do."""
    for name, value in limits.items():
        kinds = int if name == "max_attempts" else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds) or not value > 0:
            kind = "whole number" if kinds is int else "number"
            return f"{name}={value!r} makes no sense; it must be a {kind} above 0"
    return ""
