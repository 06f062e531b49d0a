"""What django-q2's table keeps of a task that is attempted more than once."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from django_q.models import Failure, Success, Task
from django_q.tasks import async_task

from processing.models import Job
from tests.queue.django_q2 import tasks
from tests.queue.django_q2.outcomes import (
    END_SECONDS,
    make_due,
    read_texts,
    wait_for_end,
    wait_for_task,
)
from tests.service import wait_for

pytestmark = pytest.mark.usefixtures("cluster")


def wait_for_failure(task_id: str) -> Task:
    """The row of a task that has failed and waits for its next attempt."""
    failures = Failure.objects.filter(pk=task_id)
    wait_for(failures.exists, END_SECONDS, "there is no row")
    job = Job.objects.get(pk=task_id)
    assert job.state == "queued"
    assert job.run_after > timezone.now()
    return failures.get()


def test_a_row_is_there_after_the_first_failure_and_a_success_takes_its_place(notes: str) -> None:
    task_id = async_task(tasks.fail_once, notes)
    failure = wait_for_failure(task_id)
    assert failure.attempt_count == 1
    assert failure.result.startswith("attempt 1 : Traceback")
    make_due()
    row = wait_for_task(task_id)
    assert (row.success, row.result, row.attempt_count) == (True, "attempt 2", 2)
    assert (row.name, row.started) == (failure.name, failure.started)
    assert row.stopped > failure.stopped
    assert (Success.objects.count(), Failure.objects.count()) == (1, 0)


def test_each_failure_counts_and_the_last_one_is_kept(notes: str) -> None:
    task_id = async_task(tasks.note_and_fail, notes)
    row = wait_for_task(task_id)
    assert (row.success, row.attempt_count) == (False, 3)
    assert row.result.startswith("attempt 3 : Traceback")
    assert wait_for_end(task_id).attempts == 3


@pytest.mark.usefixtures("one_attempt")
def test_a_failure_never_takes_the_place_of_a_success(notes: str) -> None:
    task_id = async_task(tasks.succeed_once, notes)
    wait_for_task(task_id)
    Job.objects.update(state=Job.State.QUEUED, attempts=0)
    assert wait_for_end(task_id).state == "failed"
    assert read_texts(notes) == ["attempt", "attempt"]
    row = Task.objects.get(pk=task_id)
    assert (row.success, row.result, row.attempt_count) == (True, "attempt 1", 1)


@pytest.mark.parametrize("option", [{"ack_failure": True}, {"q_options": {"ack_failure": True}}])
def test_an_acknowledged_failure_is_not_attempted_again(notes: str, option: Any) -> None:
    task_id = async_task(tasks.note_and_fail, notes, **option)
    job = wait_for_end(task_id)
    assert (job.state, job.attempts, job.error_message) == ("failed", 1, "attempt 1")
    assert read_texts(notes) == ["attempt"]
    assert Task.objects.get(pk=task_id).attempt_count == 1
