"""Tasks with sync=True: they run where they are called, without the queue."""

from __future__ import annotations

import os

import pytest
from django_q.models import Task
from django_q.tasks import AsyncTask, Chain, Iter, async_task, result

from processing.models import Job
from tests.queue.django_q2 import hooks, tasks
from tests.queue.django_q2.outcomes import read_notes, read_texts, wait_for_end, wait_for_task


@pytest.fixture(autouse=True)
def queue_stays_empty(transactional_db: None) -> None:
    """No cluster is needed."""


def test_the_caller_runs_the_task_and_its_hook(notes: str) -> None:
    task_id = async_task(tasks.note, notes, "done", sync=True, hook=hooks.note_outcome)
    assert result(task_id) == "done"
    assert read_texts(notes) == ["done", ["hook", True, "done"]]
    assert {line["pid"] for line in read_notes(notes)} == {os.getpid()}
    assert not Job.objects.exists()


def test_a_failure_is_raised_in_the_caller() -> None:
    with pytest.raises(ValueError, match="at once"):
        async_task(tasks.fail, "at once", sync=True)
    assert not Task.objects.exists()


@pytest.mark.parametrize("timeout", [None, 0, 1.5, 30])
def test_any_timeout_is_taken(timeout: float | None) -> None:
    assert result(async_task(tasks.add, 1, 2, sync=True, timeout=timeout)) == 3


def test_what_is_made_of_tasks_runs_in_the_caller_too(notes: str) -> None:
    task = AsyncTask(tasks.add, 1, 2)
    task.sync = True
    task.run()
    assert task.result() == 3
    iteration = Iter(tasks.add, args=[1, 2, 3], sync=True)
    iteration.run()
    assert sorted(iteration.result()) == [1, 2, 3]
    chain = Chain([(tasks.note, (notes, text)) for text in ("one", "two")], sync=True)
    chain.run()
    assert sorted(chain.result()) == ["one", "two"]
    assert read_texts(notes) == ["one", "two"]
    assert not Job.objects.exists()


@pytest.mark.usefixtures("cluster")
def test_a_task_may_run_another_in_its_seat(notes: str) -> None:
    row = wait_for_task(async_task(tasks.call_in_seat, notes))
    assert (row.success, row.result) == (True, "inner")
    assert read_texts(notes) == ["inner", ["hook", True, "inner"]]
    inner = Task.objects.get(name="inner task")
    assert (inner.result, Task.objects.count(), Job.objects.count()) == ("inner", 2, 1)


@pytest.mark.usefixtures("cluster", "one_attempt")
def test_a_task_that_ran_another_can_still_be_ended(notes: str) -> None:
    job = wait_for_end(async_task(tasks.call_in_seat_and_sleep, notes, timeout=0.5))
    assert (job.error_code, read_texts(notes)[0]) == ("timeout", "inner")
    assert "went on" not in job.error_message
