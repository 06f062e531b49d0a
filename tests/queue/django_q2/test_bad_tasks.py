"""Tasks that go wrong in unusual ways: each fails its own job, and the next task runs."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django_q.conf import Conf
from django_q.tasks import async_task, fetch

from tests.cluster import RunningCluster
from tests.queue.django_q2 import bad_tasks, hooks, tasks
from tests.queue.django_q2.outcomes import (
    expect_next_tasks_to_run,
    read_texts,
    wait_for_end,
    wait_for_task,
    wait_until_all_is_done,
)

MODULE = "tests.queue.django_q2.broken_modules"


@pytest.fixture(autouse=True)
def next_tasks_run(cluster: RunningCluster, settings: Any) -> Any:
    settings.TASK_MAX_ATTEMPTS = 2
    with expect_next_tasks_to_run(cluster):
        yield


@pytest.mark.parametrize(
    ("task", "message"),
    [
        (bad_tasks.raise_unspeakable, "no words for it"),
        (bad_tasks.raise_nul, "a \ufffd and a ?"),
        (bad_tasks.leave, "The task raised SystemExit: enough of it"),
        (bad_tasks.leave_well, "The task raised SystemExit"),
        (bad_tasks.interrupt, "The task raised KeyboardInterrupt"),
        (bad_tasks.cancel, "The task raised CancelledError: nobody waits"),
        (bad_tasks.recurse, "maximum recursion depth exceeded"),
    ],
)
def test_whatever_a_task_raises_is_a_failure_of_that_task(
    notes: str, task: Any, message: str
) -> None:
    task_id = async_task(task, notes, hook=hooks.note_outcome)
    job = wait_for_end(task_id)
    assert (job.state, job.error_code, job.attempts) == ("failed", "task_error", 2)
    assert message in job.error_message
    assert f"in {task.__name__}" in job.error_traceback
    row = wait_for_task(task_id)
    assert row.success is False
    wait_until_all_is_done()
    [hooked] = [text for text in read_texts(notes) if isinstance(text, list)]
    assert hooked[:2] == ["hook", False]


def test_an_endless_message_is_kept_in_part(notes: str) -> None:
    task_id = async_task(bad_tasks.raise_much, notes)
    job = wait_for_end(task_id)
    assert (job.error_code, job.attempts) == ("task_error", 2)
    assert job.error_message == "much " * 400
    assert len(wait_for_task(task_id).result) < 300_000


@pytest.mark.parametrize(
    ("task", "code", "message"),
    [
        (bad_tasks.return_function, "task_error", "The result cannot be stored: "),
        (bad_tasks.return_unpicklable, "task_error", "not even in parts"),
        (bad_tasks.return_much, "result_too_large", "the most is 4194304"),
    ],
)
@pytest.mark.parametrize("options", [{}, {"cached": True}])
def test_a_result_that_cannot_be_kept_is_not_asked_for_again(
    notes: str, task: Any, code: str, message: str, options: dict[str, Any]
) -> None:
    task_id = async_task(task, notes, hook=hooks.note_outcome, **options)
    job = wait_for_end(task_id)
    assert (job.state, job.error_code, job.attempts) == ("failed", code, 1)
    assert message in job.error_message
    wait_until_all_is_done()
    row = fetch(task_id, cached=bool(options))
    assert (row.success, row.result) == (False, job.error_message)
    hooked = [] if options else [["hook", False, job.error_message]]
    assert read_texts(notes) == ["attempt", *hooked]


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("tests.queue.django_q2.tasks.nowhere", "is not defined"),
        ("no_such_module.function", "is not defined"),
        (f"{MODULE}.leaves.run", "SystemExit: this module leaves"),
        (f"{MODULE}.raises.run", "RuntimeError: this module raises"),
    ],
)
def test_a_function_that_cannot_be_found_fails_the_task(function: str, message: str) -> None:
    task_id = async_task(function, 1)
    job = wait_for_end(task_id)
    assert (job.state, job.error_code, job.attempts) == ("failed", "task_error", 2)
    assert message in job.error_message
    assert function.removesuffix(".run") in job.error_message
    assert wait_for_task(task_id).success is False


def test_a_module_with_a_syntax_error_fails_the_task(tmp_path: Path) -> None:
    """It is made here, because no tool that reads all files of the project should find it."""
    module = Path(__file__).with_name("broken_modules") / f"wrong_{tmp_path.name}.py"
    module.write_text("def run(:\n")
    try:
        job = wait_for_end(async_task(f"{MODULE}.{module.stem}.run"))
    finally:
        module.unlink()
    assert (job.state, job.error_code) == ("failed", "task_error")
    assert "SyntaxError: invalid syntax" in job.error_message


def test_a_package_of_another_key_fails_its_job(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Conf, "SECRET_KEY", "another key")
        task_id = async_task(tasks.add, 1, task_name="forged")
    job = wait_for_end(task_id)
    assert (job.state, job.error_code, job.attempts) == ("failed", "task_error", 1)
    assert "The job cannot be unpacked: BadSignature: " in job.error_message
    row = wait_for_task(task_id)
    assert (row.name, row.func, row.success) == ("forged", job.function, False)
    assert row.result == job.error_message


def test_a_package_of_a_class_that_is_gone_fails_its_job(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("module_that_is_gone")
    gone = type("Gone", (), {"__module__": module.__name__})
    module.Gone = gone  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    task_id = async_task(tasks.give, gone(), task_name="with something gone")
    job = wait_for_end(task_id)
    assert (job.state, job.error_code, job.attempts) == ("failed", "task_error", 1)
    assert "No module named 'module_that_is_gone'" in job.error_message
    row = wait_for_task(task_id)
    assert (row.name, row.success, row.result) == (job.name, False, job.error_message)
