"""Hooks: they run in a seat, once, when the outcome of a task is final."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django_q.models import Task
from django_q.tasks import async_task

from processing.models import Job
from tests.cluster import RunningCluster, run_cluster
from tests.queue.django_q2 import hooks, tasks
from tests.queue.django_q2.outcomes import (
    END_SECONDS,
    read_notes,
    read_texts,
    wait_for_end,
    wait_for_task,
    wait_until_all_is_done,
)
from tests.service import wait_for

MODULE = "tests.queue.django_q2.hooks"
#: Less than any poll that a supervisor falls back to.
SOON_SECONDS = 1.5


@pytest.mark.parametrize("hook", [hooks.note_outcome, f"{MODULE}.note_outcome"])
def test_a_hook_runs_once_and_in_a_seat(cluster: RunningCluster, notes: str, hook: Any) -> None:
    row = wait_for_task(async_task(tasks.note, notes, "done", hook=hook))
    wait_until_all_is_done()
    assert row.hook == f"{MODULE}.note_outcome"
    assert read_texts(notes) == ["done", ["hook", True, "done"]]
    for line in read_notes(notes):
        assert line["parent_pid"] == cluster.process.pid
        assert line["pid"] != cluster.supervisor.pid


@pytest.mark.usefixtures("cluster", "two_attempts")
def test_a_hook_sees_the_row_as_the_table_has_it(notes: str) -> None:
    options = {"hook": hooks.note_row, "task_name": "a task", "group": "a group"}
    task_id = async_task(tasks.fail_once, notes, **options)
    wait_until_all_is_done()
    seen = [task_id, "a task", "tests.queue.django_q2.tasks.fail_once", "a group", 2]
    assert read_texts(notes) == ["attempt", "attempt", seen, seen]


@pytest.mark.usefixtures("cluster", "two_attempts")
@pytest.mark.parametrize(
    ("task", "hooked", "code", "attempts"),
    [
        (tasks.note_and_fail, ["hook", False, "attempt 2"], "task_error", 2),
        (tasks.fail_once, ["hook", True, "attempt 2"], "", 2),
        (tasks.die_once, ["hook", True, "attempt 2"], "", 1),
    ],
)
def test_a_hook_runs_when_the_outcome_is_final(
    notes: str, task: Any, hooked: list[Any], code: str, attempts: int
) -> None:
    task_id = async_task(task, notes, hook=hooks.note_outcome)
    wait_until_all_is_done()
    assert read_texts(notes) == ["attempt", "attempt", hooked]
    assert Job.objects.get(pk=task_id).error_code == code
    assert Task.objects.get(pk=task_id).attempt_count == attempts


@pytest.mark.usefixtures("cluster", "two_attempts")
def test_a_hook_runs_behind_a_task_whose_process_died(notes: str) -> None:
    task_id = async_task(tasks.note_and_die, notes, hook=hooks.note_outcome)
    wait_until_all_is_done()
    died = "The process that ran the task died: signal SIGKILL."
    assert read_texts(notes) == ["attempt", "attempt", ["hook", False, died]]
    row = Task.objects.get(pk=task_id)
    assert (row.success, row.result) == (False, died)
    assert (row.func, row.args) == ("tests.queue.django_q2.tasks.note_and_die", (notes,))


def test_other_tasks_go_on_while_a_hook_takes_its_time(cluster: RunningCluster, notes: str) -> None:
    wait_for_end(async_task(tasks.note, notes, "slow", hook=hooks.wait))
    for number in range(10):
        wait_for_end(async_task(tasks.note, notes, number, hook=hooks.note_outcome))
    hooked = [["hook", True, str(number)] for number in range(10)]
    wait_for(lambda: len(read_texts(notes)) == 21, END_SECONDS, "hooks wait for another")
    assert [text for text in read_texts(notes) if isinstance(text, list)] == hooked
    Path(f"{notes}.go").touch()
    wait_until_all_is_done()
    assert read_texts(notes)[21:] == [["hook", True, "slow"]]


@pytest.mark.usefixtures("cluster")
@pytest.mark.parametrize(
    "hook",
    [hooks.raise_error, hooks.use_bad_sql, hooks.use_memory, hooks.leave, hooks.die],
)
def test_a_hook_that_goes_wrong_harms_nobody_and_is_not_repeated(notes: str, hook: Any) -> None:
    row = wait_for_task(async_task(tasks.note, notes, "first", hook=hook))
    wait_until_all_is_done()
    for text in ("second", "third"):  # one for each seat
        async_task(tasks.note, notes, text, hook=hooks.note_outcome)
    wait_until_all_is_done()
    assert (row.success, row.result) == (True, "first")
    texts = read_texts(notes)
    assert texts[:2] == ["first", ["hook", True, "first"]]
    assert sorted(map(str, texts[2:])) == [
        "['hook', True, 'second']",
        "['hook', True, 'third']",
        "second",
        "third",
    ]


def test_a_hook_that_is_not_there_is_logged(cluster: RunningCluster, notes: str) -> None:
    row = wait_for_task(async_task(tasks.note, notes, "done", hook="nowhere.at_all"))
    wait_until_all_is_done()
    assert row.success
    assert f"malformed return hook 'nowhere.at_all' for [{row.name}]" in cluster.log


@pytest.mark.usefixtures("cluster")
def test_a_hook_may_queue_tasks(notes: str) -> None:
    async_task(tasks.note, notes, "done", hook=hooks.queue_task)
    wait_until_all_is_done()
    assert read_texts(notes) == ["done", "queued by a hook", ["hook", True, "queued by a hook"]]


@pytest.mark.usefixtures("transactional_db", "one_attempt")
def test_a_hook_need_not_wait_for_a_change_when_its_seat_was_replaced(
    tmp_path: Path, notes: str
) -> None:
    """With one seat none is free when the task is settled, and nobody else writes here."""
    with run_cluster(tmp_path, "--name", "alone", "--seats", "1"):
        for number in range(20):  # quick ones: now it would claim many at once
            wait_for_end(async_task(tasks.add, number, cluster="alone"))
        for number in (1, 2):
            own = f"{notes}.{number}"
            async_task(tasks.note_and_die, own, hook=hooks.note_outcome, cluster="alone")
            wait_for(lambda: len(read_texts(own)) == 2, SOON_SECONDS, "the hook waits")  # noqa: B023
