"""Running tasks: what they get, and what becomes of what they return or raise."""

from __future__ import annotations

import os
import socket
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_tasks import TaskResult, TaskResultStatus
from django_tasks.signals import task_finished, task_started

from processing.models import Job
from processing.queue.run import NotOurs
from processing.queue.tasks_backend.run import run_task
from tests.queue.tasks_backend import sample_tasks
from tests.queue.tasks_backend.in_seat import run_due_jobs

pytestmark = pytest.mark.django_db


@pytest.fixture
def told() -> Any:
    """Each signal of a worker's that was sent, with its sender and the status it told of."""
    seen: list[tuple[str, Any, str, TaskResult[Any]]] = []

    def see_start(sender: Any, task_result: TaskResult[Any], **kwargs: Any) -> None:
        seen.append(("started", sender.__name__, str(task_result.status), task_result))

    def see_finish(sender: Any, task_result: TaskResult[Any], **kwargs: Any) -> None:
        seen.append(("finished", sender.__name__, str(task_result.status), task_result))

    task_started.connect(see_start)
    task_finished.connect(see_finish)
    yield seen
    task_started.disconnect(see_start)
    task_finished.disconnect(see_finish)


def run(task: Any, *args: Any, **kwargs: Any) -> TaskResult[Any]:
    """Enqueue the task, run what is due, and look at the result again."""
    result: TaskResult[Any] = task.enqueue(*args, **kwargs)
    run_due_jobs()
    result.refresh()
    return result


def make_due() -> None:
    """What waits for its next attempt need not wait."""
    past = timezone.now() - timedelta(minutes=1)
    Job.objects.filter(state="queued").update(run_after=past, order_at=past)


def test_a_task_that_returns_is_successful() -> None:
    result = sample_tasks.add.enqueue(1, 2, three=3)
    assert (result.status, result.attempts) == (TaskResultStatus.READY, 0)
    assert run_due_jobs() == 1, "and no job is needed behind it"
    assert result.status == TaskResultStatus.READY
    result.refresh()
    assert (result.status, result.return_value) == (TaskResultStatus.SUCCESSFUL, 6)
    assert (result.is_finished, result.attempts, result.errors) == (True, 1, [])
    assert result.worker_ids == [f"{socket.gethostname()}:{os.getpid()}"]
    assert result.started_at == result.last_attempted_at
    assert result.enqueued_at <= result.started_at <= result.finished_at  # type: ignore[operator]


def test_a_coroutine_is_run_to_its_end() -> None:
    assert run(sample_tasks.add_slowly, 1, 2).return_value == 3


def test_a_coroutine_uses_the_database_of_its_seat() -> None:
    assert run(sample_tasks.count_jobs).return_value == 1


def test_a_task_with_context_knows_its_id_and_attempt() -> None:
    result = run(sample_tasks.tell_id)
    assert result.return_value == result.id
    assert run(sample_tasks.tell_attempt, "x").return_value == [*(1, "RUNNING", ["x"], "x")]


def test_a_second_attempt_knows_of_the_first() -> None:
    result = run(sample_tasks.fail_once)
    assert (result.status, result.attempts) == (TaskResultStatus.READY, 1)
    assert [error.exception_class for error in result.errors] == [sample_tasks.OutOfStock]
    first_start = result.started_at
    make_due()
    run_due_jobs()
    result.refresh()
    assert (result.return_value, result.attempts) == (2, 2)
    assert first_start is not None
    assert abs(result.started_at - first_start) < timedelta(seconds=1)  # type: ignore[operator]
    assert result.started_at < result.last_attempted_at  # type: ignore[operator]


def test_a_task_that_fails_keeps_its_exception(settings: Any) -> None:
    settings.TASK_MAX_ATTEMPTS = 1
    result = run(sample_tasks.raise_value_error, "no such thing")
    assert (result.status, result.is_finished) == (TaskResultStatus.FAILED, True)
    with pytest.raises(ValueError, match="Task failed"):
        _ = result.return_value
    [error] = result.errors
    assert error.exception_class is ValueError
    assert error.traceback.startswith("Traceback (most recent call last):")
    assert error.traceback.endswith("ValueError: no such thing\n")
    assert result.finished_at is not None


@pytest.mark.parametrize(
    ("task", "kind"),
    [
        (sample_tasks.raise_out_of_stock, sample_tasks.OutOfStock),
        (sample_tasks.leave, SystemExit),
        (sample_tasks.return_function, TypeError),
    ],
)
def test_whatever_ends_a_task_fails_it_by_its_class(settings: Any, task: Any, kind: Any) -> None:
    settings.TASK_MAX_ATTEMPTS = 1
    result = run(task)
    assert result.status == TaskResultStatus.FAILED
    assert result.errors[0].exception_class is kind


def test_a_result_is_plain_json() -> None:
    value = {"a": (1, 2), "b": b"text", "c": {1: None}}
    assert run(sample_tasks.give, value).return_value == {
        "a": [1, 2],
        "b": "text",
        "c": {"1": None},
    }


def test_a_small_result_is_found_with_its_job(django_assert_num_queries: Any) -> None:
    result = run(sample_tasks.add, 1)
    with django_assert_num_queries(1):
        result.refresh()


def test_a_large_result_is_found_in_the_table_of_django_q2() -> None:
    result = run(sample_tasks.repeat, "x" * 1000, 100)
    assert Job.objects.get(pk=result.id).result is None
    assert result.return_value == ["x" * 1000] * 100


def test_receivers_are_told_of_the_start_and_the_end(told: Any) -> None:
    result = run(sample_tasks.number, "a", "b")
    assert [event[:3] for event in told] == [
        ("started", "PlimsollBackend", "RUNNING"),
        ("finished", "PlimsollBackend", "SUCCESSFUL"),
    ]
    assert [event[3].id for event in told] == [result.id] * 2
    assert told[1][3].return_value == {"1": "a", "2": "b"}
    assert told[1][3].finished_at is not None


def test_a_receiver_that_fails_does_not_fail_the_task(caplog: pytest.LogCaptureFixture) -> None:
    def break_down(sender: Any, **kwargs: Any) -> None:
        raise RuntimeError("a receiver broke")

    task_started.connect(break_down)
    task_finished.connect(break_down)
    try:
        assert run(sample_tasks.add, 1).status == TaskResultStatus.SUCCESSFUL
    finally:
        task_started.disconnect(break_down)
        task_finished.disconnect(break_down)
    assert caplog.text.count("RuntimeError: a receiver broke") == 2


def test_a_task_runs_as_its_job_alone() -> None:
    with pytest.raises(NotOurs, match="only as its job"):
        run_task("{}")
