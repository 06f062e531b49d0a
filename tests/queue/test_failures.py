"""What is kept of a failure."""

from __future__ import annotations

from django_q.exceptions import TimeoutException

from processing.queue import failures
from processing.queue.failures import read_failure
from tests.queue.failure import failure_of


def test_a_timeout_is_told_from_a_failure() -> None:
    failure = read_failure(failure_of(TimeoutException("Task exceeded maximum timeout value")))
    assert failure["error_code"] == "timeout"
    assert failure["error_message"] == "Task exceeded maximum timeout value"


def test_an_error_that_only_speaks_of_a_timeout_is_a_failure() -> None:
    failure = read_failure(failure_of(ValueError("django_q.exceptions.TimeoutException")))
    assert failure["error_code"] == "task_error"


def test_a_long_error_keeps_its_end() -> None:
    failure = read_failure(failure_of(ValueError("x" * 100_000)))
    assert len(failure["error_message"]) == failures.MESSAGE_MAX_CHARACTERS
    assert len(failure["error_traceback"]) == failures.TRACEBACK_MAX_CHARACTERS
    assert failure["error_traceback"].rstrip().endswith("x")
