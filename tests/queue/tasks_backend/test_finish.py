"""Telling of tasks that failed for good."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import Task as TaskRow
from django_tasks import TaskResult, TaskResultStatus
from django_tasks.signals import task_finished

from processing.models import Job
from processing.queue.claims import claim_jobs
from processing.queue.ending import Ending
from processing.queue.failures import make_error
from processing.queue.settle import settle_endings
from processing.queue.tasks_backend.failure import WorkerLost
from processing.queue.tasks_backend.finish import announce_failure
from tests.queue.tasks_backend import sample_tasks
from tests.queue.tasks_backend.in_seat import run_due_jobs

pytestmark = pytest.mark.django_db


@pytest.fixture
def finished() -> Iterator[list[TaskResult[Any]]]:
    """What `task_finished` told of."""
    seen: list[TaskResult[Any]] = []

    def see(sender: Any, task_result: TaskResult[Any], **kwargs: Any) -> None:
        seen.append(task_result)

    task_finished.connect(see)
    yield seen
    task_finished.disconnect(see)


def test_a_failure_is_told_of_when_it_is_for_good(finished: list[TaskResult[Any]]) -> None:
    result = sample_tasks.raise_value_error.enqueue("no")
    Job.objects.update(max_attempts=2)
    assert run_due_jobs() == 1
    assert finished == [], "there is an attempt left"
    past = timezone.now() - timedelta(minutes=1)
    Job.objects.update(run_after=past, order_at=past)
    assert run_due_jobs() == 2, "the second attempt, and the job behind it"
    result.refresh()
    assert finished == [result]
    assert result.status == TaskResultStatus.FAILED
    assert (result.errors[0].exception_class, result.attempts) == (ValueError, 2)


def test_a_task_that_died_with_its_seat_is_told_of(finished: list[TaskResult[Any]]) -> None:
    sample_tasks.add.enqueue(1)
    Job.objects.update(max_attempts=1)
    [claim] = claim_jobs("plimsoll", claimant="tests:0:0:0:0", count=1)
    error = make_error("worker_lost", "signal SIGKILL")
    assert settle_endings([Ending(delivery=claim.delivery, outcome="worker_lost", error=error)])
    run_due_jobs()
    [result] = finished
    assert result.status == TaskResultStatus.FAILED
    assert [error.exception_class for error in result.errors] == [WorkerLost]


def test_the_log_has_the_traceback_of_what_failed(caplog: pytest.LogCaptureFixture) -> None:
    sample_tasks.raise_value_error.enqueue("no such thing")
    Job.objects.update(max_attempts=1)
    with caplog.at_level(logging.INFO, "django_tasks"):
        run_due_jobs()
    [told] = [entry for entry in caplog.records if entry.levelname == "ERROR"]
    assert "state=FAILED" in told.getMessage()
    assert "ValueError: no such thing" in caplog.text


def test_one_that_was_queued_again_is_not_told_of(finished: list[TaskResult[Any]]) -> None:
    result = sample_tasks.add.enqueue(1)
    announce_failure(TaskRow(id=Job.objects.get(pk=result.id).pk.hex))
    assert finished == []
