"""Finding results by their ids."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import Task as TaskRow
from django_q.tasks import async_task
from django_tasks import TaskResultStatus, default_task_backend
from django_tasks.exceptions import TaskResultDoesNotExist, TaskResultMismatch

from processing.models import Job
from processing.queue.tasks_backend.failure import TaskCancelled, WorkerLost
from tests.factories import make_job
from tests.queue.tasks_backend import sample_tasks
from tests.queue.tasks_backend.in_seat import run_due_jobs

pytestmark = pytest.mark.django_db


def enqueue(**columns: Any) -> Any:
    """A result of a job that is put into another state."""
    result = sample_tasks.add.enqueue(1)
    Job.objects.filter(pk=result.id).update(**columns)
    return result


def tell(number: int, where: str, started_at: Any, outcome: str = "task_error") -> str:
    entry = {
        "delivery": number,
        "started_at": started_at and started_at.isoformat(),
        "ended_at": timezone.now().isoformat(),
        "where": where,
        "outcome": outcome,
        "charged": started_at is not None,
    }
    return json.dumps(entry) + "\n"


def test_a_result_is_found_by_its_id_in_one_query(django_assert_num_queries: Any) -> None:
    result = sample_tasks.add.using(priority=3).enqueue(1, two=2)
    with django_assert_num_queries(1):
        found = default_task_backend.get_result(result.id)
    assert found == result
    assert sample_tasks.add.get_result(result.id) == result


@pytest.mark.parametrize("result_id", ["123", "", "9ea6680c-5acd-49e0-a1cc-c579bc0ba1b2"])
def test_an_unknown_id_has_no_result(result_id: str) -> None:
    with pytest.raises(TaskResultDoesNotExist):
        default_task_backend.get_result(result_id)


def test_a_job_that_is_no_task_has_no_result() -> None:
    for job_id in (make_job().id, async_task("math.floor", 2.5)):
        with pytest.raises(TaskResultDoesNotExist):
            default_task_backend.get_result(str(job_id))


def test_a_task_of_another_key_has_no_result() -> None:
    result = enqueue()
    package = Job.objects.get(pk=result.id).package
    Job.objects.update(package=package[:-1] + ("a" if package[-1] != "a" else "b"))
    with pytest.raises(TaskResultDoesNotExist):
        result.refresh()


def test_the_result_of_another_task_is_a_mismatch() -> None:
    with pytest.raises(TaskResultMismatch, match="sample_tasks.add"):
        sample_tasks.give.get_result(enqueue().id)


def test_a_running_task_is_known_by_its_cluster() -> None:
    started_at = timezone.now() + timedelta(seconds=1)
    result = enqueue(state="running", started_at=started_at, claimed_by="host:a:1:2:0")
    result.refresh()
    assert (result.status, result.is_finished) == (TaskResultStatus.RUNNING, False)
    assert (result.worker_ids, result.attempts) == (["host:a:1:2:0"], 1)
    assert (result.started_at, result.last_attempted_at) == (started_at, started_at)


def test_attempts_are_those_that_began() -> None:
    first, second, third = (timezone.now() + timedelta(seconds=n) for n in (1, 2, 3))
    history = tell(1, "a:1", first) + tell(2, "", None, "worker_lost") + tell(3, "b:2", second)
    result = enqueue(history=history, started_at=second)
    result.refresh()
    assert (result.status, result.worker_ids) == (TaskResultStatus.READY, ["a:1", "b:2"])
    assert (result.started_at, result.last_attempted_at) == (first, second)
    Job.objects.update(state="running", started_at=third, claimed_by="c:::3:0")
    result.refresh()
    assert result.worker_ids == ["a:1", "b:2", "c:::3:0"]
    assert (result.started_at, result.last_attempted_at) == (first, third)
    Job.objects.update(state="queued", started_at=None)  # somebody retried it
    result.refresh()
    assert (result.started_at, result.last_attempted_at) == (first, second)


def test_a_failed_task_keeps_what_it_failed_of() -> None:
    result = enqueue(
        state="failed", error_code="worker_lost", error_message="signal SIGKILL", attempts=3
    )
    result.refresh()
    assert result.status == TaskResultStatus.FAILED
    assert [error.exception_class for error in result.errors] == [WorkerLost]


def test_a_cancelled_task_has_failed() -> None:
    result = sample_tasks.add.enqueue(1)
    Job.objects.get(pk=result.id).cancel()
    result.refresh()
    assert (result.status, result.attempts) == (TaskResultStatus.FAILED, 0)
    assert result.errors[0].exception_class is TaskCancelled


def test_a_result_lives_as_long_as_django_q2_keeps_it() -> None:
    result = sample_tasks.give.enqueue(None)
    run_due_jobs()
    Job.objects.update(result=None)  # as when RESULT_EXPIRES_SECONDS are over
    result.refresh()
    assert (result.status, result.return_value) == (TaskResultStatus.SUCCESSFUL, None)
    TaskRow.objects.all().delete()
    with pytest.raises(TaskResultDoesNotExist):
        result.refresh()
