"""A call on its way through the queue."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django_tasks.exceptions import InvalidTaskError

from processing.queue.tasks_backend.call import TaskCall
from tests.queue.tasks_backend import sample_tasks

LATER = datetime(2030, 1, 1, 12, 30, tzinfo=UTC)


def make_call(task: Any = sample_tasks.add, **fields: Any) -> TaskCall:
    call = TaskCall.of(task, (1, "zwei\0"), {"three": None}, backend="default")
    return TaskCall(**(vars(call) | fields))


def test_a_call_is_read_as_it_was_written() -> None:
    task = sample_tasks.make_report.using(run_after=LATER, priority=100)
    for call in (make_call(), make_call(task)):
        assert TaskCall.read(call.write()) == call


def test_a_call_knows_its_task_as_it_was_enqueued() -> None:
    task = sample_tasks.make_report.using(run_after=LATER, priority=100, queue_name="mail")
    assert make_call(task).load_task() == task


def test_a_task_that_is_gone_is_an_import_error() -> None:
    with pytest.raises(ImportError, match="sold_out"):
        make_call(path="tests.queue.tasks_backend.sample_tasks.sold_out").load_task()
    with pytest.raises(ImportError):
        make_call(path="missing.task").load_task()


def test_what_is_no_task_is_not_called() -> None:
    with pytest.raises(InvalidTaskError, match=r"subprocess\.check_output is not a task"):
        make_call(path="subprocess.check_output").load_task()
    with pytest.raises(InvalidTaskError, match=r"statistics\.fmean is not a task"):
        make_call(sample_tasks.renamed).load_task()


def test_nothing_is_told_to_be_before_the_enqueuing() -> None:
    call = make_call()
    early, late = (call.enqueued_at + timedelta(seconds=seconds) for seconds in (-1, 1))
    result = call.make_result(sample_tasks.add, "id", started_at=early, finished_at=late)
    assert (result.started_at, result.finished_at) == (call.enqueued_at, late)
    assert result.last_attempted_at is None
