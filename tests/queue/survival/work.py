"""Queueing tasks of tasks.py, and what became of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django_q.tasks import async_task

from processing.models import Job
from tests.service import wait_for

MODULE = "tests.queue.survival.tasks"


def enqueue(task: str, *arguments: Any, **options: Any) -> UUID:
    """Queue a task and return its job's id; paths among its arguments go as text."""
    given = [str(value) if isinstance(value, Path) else value for value in arguments]
    return UUID(async_task(f"{MODULE}.{task}", *given, **options))


def count_left(task: str) -> int:
    """How many jobs of this task have not come to their end."""
    return Job.objects.live().filter(function=f"{MODULE}.{task}").count()


def is_any_due(task: str) -> bool:
    """Whether any job of this task runs or could, and none only waits for its next attempt."""
    jobs = Job.objects.live().filter(function=f"{MODULE}.{task}")
    return jobs.filter(Q(state="running") | Q(run_after__lte=timezone.now())).exists()


def wait_until_done(task: str, seconds: float) -> None:
    """Wait until every job of this task has come to its end."""
    wait_for(lambda: not count_left(task), seconds, f"{task} did not end")


def outcomes_of(job: Job) -> list[tuple[str, bool]]:
    """Each delivery's outcome, and whether it counted as an attempt."""
    return [(entry["outcome"], entry["charged"]) for entry in job.past_deliveries]
