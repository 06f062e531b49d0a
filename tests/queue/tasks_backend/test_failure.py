"""The class and the traceback of a failure, out of what a job keeps of it."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import pytest

from processing.queue.failures import make_error
from processing.queue.tasks_backend.failure import (
    CLASS_NOTE,
    MemoryLimitExceeded,
    ResultTooLarge,
    TaskCancelled,
    TaskTimedOut,
    WorkerLost,
    find_errors,
    name_class,
    note_class,
    read_class,
)
from tests.factories import make_job
from tests.queue.tasks_backend.sample_tasks import OutOfStock

FAKE = "Traceback (most recent call last):\n  File\nKeyError: 'x'"


class Local:
    class Failure(Exception):
        """Its name has a dot of its own."""


def raise_chained() -> None:
    try:
        raise OutOfStock("cause")
    except OutOfStock as error:
        raise ValueError("effect") from error


def raise_with_note() -> None:
    error = ValueError("x")
    error.add_note("as it was said: before")
    raise error


def raise_error(error: BaseException) -> Callable[[], None]:
    def do() -> None:
        raise error

    return do


def catch(function: Callable[[], Any]) -> tuple[BaseException, str]:
    """What the function raises, noted, and the traceback that a job would keep."""
    try:
        function()
    except BaseException as error:
        note_class(error)
        return error, traceback.format_exc()
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize(
    "function",
    [
        raise_chained,
        raise_with_note,
        lambda: compile("a b", "<text>", "exec"),
        lambda: {}["missing: key"],
        raise_error(ValueError()),
        raise_error(ValueError(FAKE)),
        raise_error(ValueError(f"two lines\n{CLASS_NOTE}builtins.OSError")),
        raise_error(ValueError("two\nlines: here")),
        raise_error(OutOfStock("none")),
        raise_error(OutOfStock()),
        raise_error(Local.Failure("x")),
        raise_error(ExceptionGroup("several", [KeyError("a"), OutOfStock("b")])),
        raise_error(SystemExit(3)),
        raise_error(KeyboardInterrupt()),
    ],
)
def test_the_class_of_any_exception_is_read_from_its_traceback(function: Any) -> None:
    error, text = catch(function)
    assert read_class(text) == name_class(type(error))


def test_the_usual_traceback_is_left_as_it_is() -> None:
    error, text = catch(raise_error(OutOfStock("none")))
    assert not hasattr(error, "__notes__")
    assert text.endswith(f"{__name__.rpartition('.')[0]}.sample_tasks.OutOfStock: none\n")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("timeout", TaskTimedOut),
        ("memory_limit_exceeded", MemoryLimitExceeded),
        ("worker_lost", WorkerLost),
        ("result_too_large", ResultTooLarge),
        ("task_error", Exception),
    ],
)
def test_a_failure_without_an_exception_has_a_class_by_its_code(code: str, kind: Any) -> None:
    [error] = find_errors(make_job(state="failed", **make_error(code, "as it is said")))
    assert (error.exception_class, error.traceback) == (kind, "as it is said")


@pytest.mark.django_db
def test_a_cancelled_job_failed_of_that() -> None:
    [error] = find_errors(make_job(state="cancelled"))
    assert error.exception_class is TaskCancelled
    assert find_errors(make_job(state="queued")) == []
