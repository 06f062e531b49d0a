"""What is kept of a failure."""

from __future__ import annotations

import pytest
from django_q.exceptions import TimeoutException

from processing.models import Job
from processing.models.states import ERROR_CODES
from processing.queue import failures
from processing.queue.failures import make_error, read_failure
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


def test_the_message_and_the_traceback_of_a_failure_are_told_apart() -> None:
    failure = read_failure(failure_of(ValueError("too odd")))
    assert failure["error_message"] == "too odd"
    assert failure["error_traceback"].startswith("Traceback (most recent call last):")
    assert failure["error_traceback"].rstrip().endswith("ValueError: too odd")


def test_a_failure_without_a_traceback_is_all_message() -> None:
    failure = read_failure("no")
    assert (failure["error_message"], failure["error_traceback"]) == ("no", "")


@pytest.mark.parametrize("code", ERROR_CODES)
def test_every_code_fits_its_column(code: str) -> None:
    assert len(code) <= Job._meta.get_field("error_code").max_length
    assert make_error(code, "no")["error_code"] == code


@pytest.mark.parametrize("text", ["a\0b", "a\udc80b"])
def test_what_no_database_stores_is_replaced(text: str) -> None:
    error = make_error("task_error", text, text)
    for stored in (error["error_message"], error["error_traceback"]):
        assert "\0" not in stored
        assert stored.encode().startswith(b"a")
        assert stored.endswith("b")
