"""What a seat tells of a task that has ended."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import pytest
from django_q.conf import Conf
from django_q.models import Task
from django_q.signals import post_execute

from processing.queue.claims import Delivery
from processing.queue.cluster import report as report_module
from processing.queue.cluster.report import (
    INLINE_RESULT_MAX_CHARACTERS,
    encode_pickle,
    format_time,
    is_saved,
    make_task_row,
    report_failure,
    report_task,
)
from processing.queue.current import current
from tests.queue.failure import failure_of

NOW = datetime(2026, 1, 2, 3, 4, 5, 600, UTC)


def any_hook(task: Any) -> None:
    """Named, never called."""


def any_function() -> None:
    """The same."""


def make_task(**given: Any) -> dict[str, Any]:
    """A task dict as django-q2's loop leaves it."""
    defaults = {
        "id": uuid4().hex,
        "name": "any",
        "func": "any.function",
        "args": (1,),
        "kwargs": {"b": 2},
        "result": "done",
        "success": True,
        "started": NOW,
        "stopped": NOW + timedelta(seconds=2),
        "cluster": "plimsoll",
    }
    return defaults | given


def make_failed_task(**given: Any) -> dict[str, Any]:
    return make_task(success=False, result=failure_of(ValueError("too odd")), **given)


@pytest.fixture
def listener() -> Iterator[None]:
    """A receiver of django-q2's signal behind a task."""

    def receive(**kwargs: Any) -> None:
        """Is never called here."""

    post_execute.connect(receive)
    yield
    post_execute.disconnect(receive)


class Unpicklable:
    def __reduce__(self) -> Any:
        raise RuntimeError("not me")


def test_a_task_that_returned_is_told_with_its_row_and_its_small_result() -> None:
    task = make_task(result={"a": [1, None]})
    report = report_task(task)
    assert (report["outcome"], report["is_final"], report["error"]) == ("succeeded", False, None)
    assert report["result"] == {
        "result": '{"a": [1, null]}',
        "result_media_type": "application/json",
    }
    assert report["task"] == make_task_row(task)
    assert report["jobs"] == {"chain": None, "after": None}


def test_a_report_is_json(listener: None) -> None:
    for task in (make_task(hook=any_hook, func=any_function), make_failed_task(cached=True)):
        report = report_task(task)
        assert json.loads(json.dumps(report)) == report


def test_a_task_that_failed_is_told_with_its_error_and_no_result() -> None:
    report = report_task(make_failed_task())
    assert (report["outcome"], report["is_final"], report["result"]) == ("task_error", False, {})
    assert report["error"]["error_message"] == "too odd"
    assert report["error"]["error_traceback"].startswith("Traceback")
    assert report["task"]["success"] is False


def test_the_result_of_a_processor_is_what_it_kept() -> None:
    current.begin(Delivery(job_id=uuid4(), number=1))
    try:
        current.result_columns = {"result_name": "results/aa/1"}
        assert report_task(make_task())["result"] == {"result_name": "results/aa/1"}
        assert report_task(make_failed_task())["result"] == {}
    finally:
        current.end()


@pytest.mark.parametrize(
    "result", [float("nan"), {1, 2}, "x" * (INLINE_RESULT_MAX_CHARACTERS + 1), datetime.now(UTC)]
)
def test_a_result_that_is_no_small_json_is_left_to_django_q2(result: Any) -> None:
    report = report_task(make_task(result=result))
    assert (report["outcome"], report["result"]) == ("succeeded", {})
    assert report["task"]["result"] is not None


def test_a_result_that_contains_itself_is_no_json() -> None:
    endless: list[Any] = []
    endless.append(endless)
    assert report_task(make_task(result=endless))["result"] == {}


@pytest.mark.parametrize(
    ("make", "given"),
    [
        (make_task, {"result": Unpicklable()}),
        (make_task, {"result": lambda: None}),
        (make_task, {"args": (Unpicklable(),)}),
        (make_task, {"result": Unpicklable(), "cached": True}),
        (make_failed_task, {"kwargs": {"a": Unpicklable()}}),
    ],
)
def test_what_does_not_pickle_fails_the_task_for_good(
    make: Callable[..., dict[str, Any]], given: dict[str, Any]
) -> None:
    report = report_task(make(**given))
    assert (report["outcome"], report["is_final"]) == ("task_error", True)
    assert report["error"]["error_message"].startswith("The result cannot be stored: ")
    assert (report["task"], report["result"], report["jobs"]) == (None, {}, {})


@pytest.mark.parametrize("given", [{}, {"cached": True}])
def test_a_result_that_is_too_large_fails_the_task_for_good(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, Any]
) -> None:
    monkeypatch.setattr(report_module, "RESULT_MOST_BYTES", 1000)
    report = report_task(make_task(result="x" * 1000, **given))
    assert (report["outcome"], report["is_final"]) == ("result_too_large", True)
    assert report["error"]["error_code"] == "result_too_large"
    assert "the most is 1000" in report["error"]["error_message"]
    assert (report["task"], report["result"], report["jobs"]) == (None, {}, {})
    assert report_task(make_task(result="x" * 100))["outcome"] == "succeeded"


def test_a_failure_with_an_endless_message_keeps_its_beginning_and_its_end() -> None:
    task = make_task(success=False, result=failure_of(ValueError("x" * 20_000_000)))
    report = report_task(task)
    assert report["outcome"] == "task_error"
    assert len(json.dumps(report)) < 1_000_000
    assert report["error"]["error_message"].startswith("xxx")


@pytest.mark.parametrize(
    ("given", "save_limit", "expected"),
    [
        ({}, 0, True),
        ({}, -1, False),
        ({"save": False}, 0, False),
        ({"save": True}, -1, True),
        ({"success": False}, -1, True),
        ({"success": False, "save": False}, 0, True),
        ({"cached": True}, 0, False),
        ({"cached": 60, "success": False}, 0, False),
        ({"cached": False}, 0, True),
    ],
)
def test_a_row_is_kept_when_django_q2_keeps_one(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], save_limit: int, expected: bool
) -> None:
    monkeypatch.setattr(Conf, "SAVE_LIMIT", save_limit)
    task = make_task(**given)
    assert is_saved(task) is expected
    assert (report_task(task)["task"] is not None) is expected


def test_behind_a_task_comes_a_job_only_where_somebody_waits_for_it(listener: None) -> None:
    assert report_task(make_task())["jobs"]["after"] is not None


@pytest.mark.parametrize("given", [{"hook": "any.hook"}, {"cached": True}])
def test_a_hook_and_a_cache_are_reasons_for_a_job_behind(given: dict[str, Any]) -> None:
    after = report_task(make_task(**given))["jobs"]["after"]
    assert (after["priority"], after["max_attempts"]) == ("high", 1)


def test_the_next_of_a_chain_comes_behind_success_alone() -> None:
    chain = [("any.function", (), {})]
    given = {"chain": chain, "group": "g", "cached": False, "sync": False}
    assert report_task(make_task(**given))["jobs"]["chain"]["function"] == "any.function"
    assert report_task(make_failed_task(**given))["jobs"]["chain"] is None


def test_a_failure_that_left_nothing_is_told_with_its_code() -> None:
    report = report_failure("no \0", "Traceback", code="worker_lost", is_final=True)
    assert report["error"] == {
        "error_code": "worker_lost",
        "error_message": "no \ufffd",
        "error_traceback": "Traceback",
    }
    assert (report["outcome"], report["is_final"], report["task"]) == ("worker_lost", True, None)


@pytest.mark.parametrize("value", [None, 1, "\u00e4\0\udc80", (1, {"a": {2}}), NOW, b"\0" * 9000])
def test_a_value_is_pickled_as_djangos_field_does(value: Any) -> None:
    field = Task._meta.get_field("result")
    expected = field.get_db_prep_value(value)
    encoded = encode_pickle(value)
    assert encoded == (None if expected is None else str(expected))
    assert field.to_python(field.from_db_value(encoded, None, None)) == value


def test_a_time_is_told_in_utc_whatever_zone_it_is_in() -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert format_time(NOW) == format_time(elsewhere) == "2026-01-02 03:04:05.000600"


@pytest.mark.parametrize(
    ("given", "column", "expected"),
    [
        ({"hook": any_hook}, "hook", f"{__name__}.any_hook"),
        ({"hook": "any.hook"}, "hook", "any.hook"),
        ({}, "hook", None),
        ({"func": any_function}, "func", f"{__name__}.any_function"),
        ({"func": "any.function"}, "func", "any.function"),
        ({"group": "g"}, "group", "g"),
        ({"args": None}, "args", None),
    ],
)
def test_names_in_a_row_are_those_that_django_q2_keeps(
    given: dict[str, Any], column: str, expected: Any
) -> None:
    assert make_task_row(make_task(**given))[column] == expected
