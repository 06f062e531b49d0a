"""Receivers of django-q2's signals, in a cluster of a queue of its own that imports some."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django_q.brokers import get_broker
from django_q.models import Task
from django_q.tasks import Iter, async_task

from processing.models import Job
from tests.cluster import RunningCluster, run_cluster
from tests.queue.django_q2 import hooks, tasks
from tests.queue.django_q2.outcomes import (
    END_SECONDS,
    read_notes,
    read_texts,
    wait_for_end,
    wait_until_all_is_done,
)
from tests.service import wait_for

QUEUE = "received"
MODULES = "tests.queue.django_q2.receivers"

BEGIN = ["pre_execute", "note"]
SUCCESS = ["post_execute_in_worker", True]


@pytest.fixture(scope="module")
def module_cluster(
    django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningCluster]:
    folder = tmp_path_factory.mktemp("cluster")
    given = {"PROCESSOR_MODULES": MODULES, "UPLOAD_SPOOL_DIR": str(folder / "spool")}
    with run_cluster(folder, "--name", QUEUE, "--seats", "2", **given) as cluster:
        yield cluster


@pytest.fixture(autouse=True)
def cluster(module_cluster: RunningCluster, transactional_db: None) -> RunningCluster:
    return module_cluster


def test_receivers_are_called_as_by_django_q2_and_in_seats(
    cluster: RunningCluster, notes: str
) -> None:
    async_task(tasks.note, notes, "done", cluster=QUEUE, hook=hooks.note_outcome)
    wait_until_all_is_done()
    called = [BEGIN, "done", SUCCESS, ["hook", True, "done"], ["post_execute", True, "done"]]
    assert read_texts(notes) == called
    pids = [line["pid"] for line in read_notes(notes)]
    assert len(set(pids[:3])) == 1, "one process runs the task and what is around it"
    assert {line["parent_pid"] for line in read_notes(notes)} == {cluster.process.pid}
    assert cluster.supervisor.pid not in pids


def test_each_seat_is_spawned_once(cluster: RunningCluster) -> None:
    for seat in ("seat-1", "seat-2"):
        wait_for(lambda: f"spawned {seat}" in cluster.log, END_SECONDS, "no signal")  # noqa: B023
    assert cluster.log.count("spawned seat-1") == 1


@pytest.mark.usefixtures("two_attempts")
def test_the_end_is_told_once_and_each_attempt_too(notes: str) -> None:
    async_task(tasks.note_and_fail, notes, cluster=QUEUE)
    wait_until_all_is_done()
    attempt = [["pre_execute", "note_and_fail"], "attempt", ["post_execute_in_worker", False]]
    assert read_texts(notes) == [*attempt, *attempt, ["post_execute", False, "attempt 2"]]


@pytest.mark.usefixtures("two_attempts")
def test_the_end_of_a_task_whose_process_died_is_told_once(notes: str) -> None:
    async_task(tasks.note_and_die, notes, cluster=QUEUE)
    wait_until_all_is_done()
    attempt = [["pre_execute", "note_and_die"], "attempt"]
    died = "The process that ran the task died: signal SIGKILL."
    assert read_texts(notes) == [*attempt, *attempt, ["post_execute", False, died]]


@pytest.mark.parametrize("options", [{"save": False}, {"cached": True}])
def test_the_end_of_a_task_without_a_row_is_told(notes: str, options: dict[str, Any]) -> None:
    async_task(tasks.note, notes, "done", cluster=QUEUE, **options)
    wait_until_all_is_done()
    assert read_texts(notes) == [BEGIN, "done", SUCCESS, ["post_execute", True, "done"]]
    assert not Task.objects.exists()


@pytest.mark.parametrize("trouble", ["raises", "uses bad SQL", "uses memory"])
def test_a_receiver_of_the_end_that_goes_wrong_harms_nobody(notes: str, trouble: str) -> None:
    name = f"post_execute {trouble}"
    task_id = async_task(tasks.note, notes, "done", cluster=QUEUE, task_name=name)
    wait_until_all_is_done()
    end = ["post_execute", True, "done"]
    assert read_texts(notes) == [BEGIN, "done", SUCCESS, end, ["post_execute too"]]
    assert Task.objects.get(pk=task_id).success
    for text in ("two", "three"):
        async_task(tasks.note, notes, text, cluster=QUEUE)
    wait_until_all_is_done()
    assert len(read_texts(notes)) == 5 + 2 * 4


def test_a_receiver_that_broke_is_seen_as_a_failure_of_its_own(notes: str) -> None:
    async_task(tasks.note, notes, "done", cluster=QUEUE, task_name="post_execute raises")
    wait_until_all_is_done()
    failure = Task.objects.get(success=False)
    assert failure.name == "after post_execute raises"
    assert failure.result.startswith("a receiver of post_execute broke : Traceback")


def test_other_tasks_go_on_while_a_receiver_takes_its_time(notes: str) -> None:
    name = "post_execute takes its time"
    wait_for_end(async_task(tasks.note, notes, "slow", cluster=QUEUE, task_name=name))
    for number in range(5):
        wait_for_end(async_task(tasks.note, f"{notes}.others", number, cluster=QUEUE))
    wait_for(lambda: len(read_texts(f"{notes}.others")) == 5 * 4, END_SECONDS, "they wait")
    assert ["post_execute too"] not in read_texts(notes)
    Path(f"{notes}.go").touch()
    wait_until_all_is_done()
    assert read_texts(notes)[-1] == ["post_execute too"]


@pytest.mark.usefixtures("two_attempts")
@pytest.mark.parametrize("signal", ["pre_execute", "post_execute_in_worker"])
def test_a_receiver_in_the_worker_that_raises_fails_its_own_task(notes: str, signal: str) -> None:
    name = f"{signal} raises"
    task_id = async_task(tasks.note, notes, "done", cluster=QUEUE, task_name=name)
    job = wait_for_end(task_id)
    assert (job.state, job.error_code, job.attempts) == ("failed", "task_error", 2)
    assert f"a receiver of {signal} broke" in job.error_message
    assert "receivers.py" in job.error_traceback
    wait_until_all_is_done()
    ends = [text for text in read_texts(notes) if text[0] == "post_execute"]
    assert [end[1] for end in ends] == [False]
    assert Task.objects.get(pk=task_id).success is False
    wait_for_end(async_task(tasks.note, f"{notes}.next", "next", cluster=QUEUE))
    wait_until_all_is_done()
    assert len(read_texts(f"{notes}.next")) == 4


def test_the_end_of_an_iteration_is_told_with_all_its_results(notes: str) -> None:
    items = [(notes, number) for number in range(3)]
    iteration = Iter(tasks.note, args=items, broker=get_broker(QUEUE))
    task_id = iteration.run()
    wait_until_all_is_done()
    texts = [text for text in read_texts(notes) if isinstance(text, list)]
    ends = [text[2] for text in texts if text[0] == "post_execute"]
    assert sorted(ends[-1]) == [0, 1, 2]
    assert len(ends) == 3
    assert sorted(Task.objects.get(pk=task_id).result) == [0, 1, 2]
    assert set(Job.objects.values_list("queue", flat=True)) == {QUEUE}
