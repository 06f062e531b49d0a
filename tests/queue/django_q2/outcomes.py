"""Waiting for what becomes of tasks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone
from django_q.models import Task
from django_q.tasks import async_task

from processing.models import Job
from processing.queue.notify import notify_queue
from tests.cluster import RunningCluster
from tests.queue.django_q2 import tasks
from tests.service import wait_for

#: A loaded machine needs a part of it.
END_SECONDS = 30.0


def wait_for_end(task_id: str) -> Job:
    """The job of a task when nothing more happens to it."""
    wait_for(lambda: has_ended(task_id), END_SECONDS, f"{task_id} did not end")
    job: Job = Job.objects.get(pk=task_id)
    return job


def wait_for_task(task_id: str) -> Task:
    """What django-q2 keeps of a task, when that has ended for good."""
    job = wait_for_end(task_id)
    rows = Task.objects.filter(pk=task_id)
    wait_for(rows.exists, END_SECONDS, f"no row of a job that {job.state}: {job.error_message}")
    return rows.get()


def has_ended(task_id: str) -> bool:
    """Whether that job has; what waits for its next attempt need not wait any longer."""
    make_due()
    job: Job = Job.objects.get(pk=task_id)
    return job.is_final


def make_due() -> None:
    """Spare the test the wait between two attempts."""
    waiting = Job.objects.filter(state=Job.State.QUEUED, run_after__gt=timezone.now())
    past = timezone.now() - timedelta(minutes=1)
    for queue in waiting.values_list("queue", flat=True).distinct().order_by():
        waiting.filter(queue=queue).update(run_after=past, order_at=past)
        notify_queue(queue)


def wait_until_all_is_done() -> None:
    """Wait until every job has ended for good, those behind others too."""
    wait_for(is_all_done, END_SECONDS, "jobs are left in the queue")


def is_all_done() -> bool:
    """Whether nothing waits and nothing runs."""
    make_due()
    return not Job.objects.live().exists()


def wait_until_nothing_runs() -> None:
    """Wait until no cluster has anything in hand."""
    running = Job.objects.filter(state=Job.State.RUNNING)
    wait_for(lambda: not running.exists(), END_SECONDS, "a job runs on")


@contextmanager
def expect_next_tasks_to_run(cluster: RunningCluster) -> Iterator[None]:
    """Behind the block tasks run in each of two seats, and the cluster is the same as before."""
    supervisor = cluster.supervisor
    yield
    wait_until_all_is_done()
    for task_id in [async_task(tasks.add, number) for number in range(4)]:
        assert wait_for_task(task_id).success
    assert cluster.supervisor == supervisor
    assert len(cluster.seats) == 2


def read_notes(notes: str) -> list[dict[str, Any]]:
    """The lines that `tasks.note` wrote, the oldest first."""
    path = Path(notes)
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def read_texts(notes: str) -> list[Any]:
    """The texts of these lines."""
    return [line["text"] for line in read_notes(notes)]
