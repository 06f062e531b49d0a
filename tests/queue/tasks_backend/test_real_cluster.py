"""Tasks on a real cluster, through to their results."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from django_tasks import TaskResult, TaskResultStatus

from processing.models import Job
from processing.queue.tasks_backend.failure import TaskCancelled, TaskTimedOut, WorkerLost
from tests.cluster import RunningCluster, run_cluster
from tests.queue.tasks_backend import sample_tasks
from tests.service import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

#: For a loaded machine.
TASK_SECONDS = 30.0


@pytest.fixture
def cluster(transactional_db: None, tmp_path: Path, settings: Any) -> Iterator[RunningCluster]:
    settings.TASK_MAX_ATTEMPTS = 1
    with run_cluster(tmp_path) as cluster:
        yield cluster


def enqueue(task: Any, *args: Any) -> TaskResult[Any]:
    result: TaskResult[Any] = task.enqueue(*args)
    return result


def wait_until(result: TaskResult[Any], status: TaskResultStatus) -> None:
    def look() -> bool:
        result.refresh()
        return result.status == status

    wait_for(look, TASK_SECONDS, f"{result.task.name} is {result.status}, not {status}")


def test_tasks_come_to_their_results(cluster: RunningCluster) -> None:
    due_at = timezone.now() + timedelta(seconds=2)
    deferred = enqueue(sample_tasks.add.using(run_after=due_at), 3, 4)
    returned = [
        (enqueue(sample_tasks.add, 1, 2), 3),
        (enqueue(sample_tasks.add_slowly, 2, 3), 5),
        (enqueue(sample_tasks.tell_attempt, "x"), [1, "RUNNING", ["x"], "x"]),
        (enqueue(sample_tasks.repeat, "x" * 1000, 100), ["x" * 1000] * 100),
        (deferred, 7),
    ]
    failed = enqueue(sample_tasks.raise_value_error, "no such thing")
    left = enqueue(sample_tasks.leave)
    for result, value in returned:
        wait_until(result, TaskResultStatus.SUCCESSFUL)
        assert (result.return_value, result.attempts, result.errors) == (value, 1, [])
    assert deferred.started_at is not None
    assert deferred.started_at >= due_at
    seats = {seat.pid for seat in cluster.seats}
    assert {int(result.worker_ids[0].rpartition(":")[2]) for result, _ in returned} <= seats
    for result, kind in ((failed, ValueError), (left, SystemExit)):
        wait_until(result, TaskResultStatus.FAILED)
        assert [error.exception_class for error in result.errors] == [kind]
    assert "no such thing" in failed.errors[0].traceback


@pytest.mark.parametrize("task", [sample_tasks.make_report, sample_tasks.wait_for_ever])
def test_a_task_and_a_coroutine_that_take_too_long_are_ended(
    cluster: RunningCluster, task: Any
) -> None:
    result = enqueue(task.using(priority=0))
    wait_until(result, TaskResultStatus.FAILED)
    assert [error.exception_class for error in result.errors] == [TaskTimedOut]


def test_a_task_that_runs_can_be_cancelled_and_can_lose_its_worker(
    cluster: RunningCluster, tmp_path: Path
) -> None:
    for end, kind in ((cancel, TaskCancelled), (kill_seats, WorkerLost)):
        result = enqueue(sample_tasks.wait_for_file, str(tmp_path / "never"))
        started = tmp_path / "started"
        wait_for(started.exists, TASK_SECONDS, "the task did not start")
        started.unlink()
        result.refresh()
        assert (result.status, result.attempts) == (TaskResultStatus.RUNNING, 1)
        end(result, cluster)
        wait_until(result, TaskResultStatus.FAILED)
        assert [error.exception_class for error in result.errors] == [kind]


def cancel(result: TaskResult[Any], cluster: RunningCluster) -> None:
    Job.objects.get(pk=result.id).cancel()


def kill_seats(result: TaskResult[Any], cluster: RunningCluster) -> None:
    for seat in cluster.seats:
        seat.kill()
