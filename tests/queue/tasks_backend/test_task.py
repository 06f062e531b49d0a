"""Limits that a task is declared with."""

from __future__ import annotations

from typing import Any

import pytest
from django_tasks import task
from django_tasks.exceptions import InvalidTaskError

from processing.queue.tasks_backend import PlimsollTask
from processing.queue.tasks_backend.task import read_limits
from tests.queue.tasks_backend import sample_tasks


def test_a_task_may_have_limits() -> None:
    assert isinstance(sample_tasks.make_report, PlimsollTask)
    assert read_limits(sample_tasks.make_report) == {
        "timeout_seconds": 0.5,
        "memory_limit_mb": 64,
        "max_attempts": 1,
    }
    assert read_limits(sample_tasks.add) == {}


def test_using_keeps_the_limits() -> None:
    changed = sample_tasks.make_report.using(priority=7)
    assert (changed.priority, changed.queue_name) == (7, "reports")
    assert read_limits(changed) == read_limits(sample_tasks.make_report)


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ({"timeout_seconds": -1}, "timeout_seconds=-1 makes no sense; it must be a number above 0"),
        ({"timeout_seconds": float("nan")}, "timeout_seconds=nan makes no sense"),
        ({"memory_limit_mb": "64"}, "memory_limit_mb='64' makes no sense"),
        ({"max_attempts": 0}, "max_attempts=0 makes no sense; it must be a whole number above 0"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused(limit: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidTaskError, match=message):
        task(**limit)(sample_tasks.add.func)


def test_a_limit_that_is_not_known_is_refused() -> None:
    with pytest.raises(TypeError):
        task(patience=1)(sample_tasks.add.func)
