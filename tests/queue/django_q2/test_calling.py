"""Queueing tasks and reading what they returned, as django-q2's documentation has it."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django_q.models import Task
from django_q.tasks import AsyncTask, async_task, fetch, queue_size, result

from processing.models import Job
from tests.cluster import RunningCluster, drain_queue
from tests.queue.django_q2 import hooks, tasks
from tests.queue.django_q2.outcomes import (
    read_texts,
    wait_for_end,
    wait_for_task,
    wait_until_nothing_runs,
)

MODULE = "tests.queue.django_q2.tasks"
WAIT_MILLISECONDS = 10_000


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (f"{MODULE}.add", f"{MODULE}.add"),
        (tasks.add, f"{MODULE}.add"),
        (tasks.Counter.make, f"{MODULE}.Counter.make"),
        (tasks.Counter(3).count, None),
        ("builtins.abs", "builtins.abs"),
        ("math.factorial", "math.factorial"),
    ],
)
def test_any_callable_is_a_task(cluster: RunningCluster, function: Any, name: str | None) -> None:
    row = wait_for_task(async_task(function, 4))
    assert row.success, row.result
    assert name is None or row.func == name


def test_a_row_tells_all_of_a_task(cluster: RunningCluster) -> None:
    task_id = async_task(f"{MODULE}.add", 1, 2, three=3, task_name="three numbers", group="sums")
    row = wait_for_task(task_id)
    assert (row.id, row.name, row.group) == (task_id, "three numbers", "sums")
    assert (row.args, row.kwargs) == ((1, 2), {"three": 3})
    assert (row.result, row.success, row.attempt_count) == (6, True, 1)
    assert (row.hook, row.cluster) == (None, "plimsoll")
    assert row.started <= row.stopped
    assert 0 <= row.time_taken() < 60


def test_a_result_is_waited_for_by_id_and_by_name(cluster: RunningCluster) -> None:
    task_id = async_task(tasks.add, 1, 2, task_name="my sum")
    assert result(task_id, wait=WAIT_MILLISECONDS) == 3
    assert result("my sum", wait=WAIT_MILLISECONDS) == 3
    assert fetch(task_id, wait=WAIT_MILLISECONDS).result == 3
    assert fetch("my sum", wait=WAIT_MILLISECONDS).id == task_id
    assert result(uuid.uuid4().hex, wait=20) is None
    assert fetch("no such name") is None


@pytest.mark.parametrize("value", [None, 0, "", [1, (2, {"a": b"\0"})], uuid.UUID(int=5)])
def test_a_result_is_any_value(cluster: RunningCluster, value: Any) -> None:
    row = wait_for_task(async_task(tasks.give, value))
    assert row.success
    assert row.result == value


def test_options_may_come_in_a_dictionary_of_their_own(cluster: RunningCluster) -> None:
    options = {"task_name": "all named", "group": "dictionaries", "timeout": 30}
    row = wait_for_task(async_task(tasks.name_keywords, group="mine", q_options=options))
    assert (row.name, row.group) == ("all named", "dictionaries")
    assert row.result == {"group": "mine"}, "what is no option is the task's"
    assert Job.objects.get(pk=row.id).timeout_seconds == 30


def test_a_task_is_an_object_too(cluster: RunningCluster) -> None:
    task = AsyncTask(tasks.add, 1, 2, group="objects")
    assert task.result() is None, "it has not been started"
    task.run()
    assert task.result(wait=WAIT_MILLISECONDS) == 3
    assert task.fetch(wait=WAIT_MILLISECONDS).id == task.id
    task.args = (5, 6)
    first_id, task.cached = task.id, False
    assert not task.started
    assert task.run() != first_id
    assert sorted(task.result_group(wait=WAIT_MILLISECONDS, count=2)) == [3, 11]
    assert {row.id for row in task.fetch_group(count=2)} == {first_id, task.id}


def test_nothing_runs_before_the_transaction_ends(cluster: RunningCluster) -> None:
    with transaction.atomic():
        task_id = async_task(tasks.add, 1)
        assert queue_size() == 1
    assert wait_for_task(task_id).result == 1
    with transaction.atomic():
        async_task(tasks.add, 2)
        transaction.set_rollback(True)
    assert not Job.objects.exclude(pk=task_id).exists()


def test_a_flush_of_all_tables_does_a_running_cluster_no_harm(cluster: RunningCluster) -> None:
    supervisor = cluster.supervisor
    for number in range(3):
        assert wait_for_task(async_task(tasks.add, number)).result == number
        wait_until_nothing_runs()
        call_command("flush", interactive=False, verbosity=0)
    assert wait_for_task(async_task(tasks.add, 4)).result == 4
    assert cluster.supervisor == supervisor


def test_a_task_that_is_not_saved_leaves_a_row_only_when_it_fails(
    cluster: RunningCluster, settings: Any
) -> None:
    settings.TASK_MAX_ATTEMPTS = 1
    good, bad = async_task(tasks.add, 1, save=False), async_task(tasks.fail, "bad", save=False)
    assert wait_for_end(good).state == "succeeded"
    assert not Task.objects.filter(pk=good).exists()
    assert wait_for_task(bad).success is False


def test_another_queue_is_run_by_the_cluster_of_that_name(
    cluster: RunningCluster, tmp_path: Path, notes: str
) -> None:
    other = async_task(tasks.note, notes, "other", cluster="reports", hook=hooks.note_outcome)
    wait_for_end(async_task(tasks.note, notes, "own"))
    assert Job.objects.get(pk=other).state == "queued"
    drain_queue(tmp_path, "--name", "reports", "--seats", "1")
    assert fetch(other).cluster == "reports"
    assert read_texts(notes) == ["own", "other", ["hook", True, "other"]]
