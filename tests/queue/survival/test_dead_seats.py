"""Seats that are killed or kill themselves: the others and their successors work on."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from processing.models import Job
from tests.cluster import RunningCluster
from tests.queue.survival.keeper import keep_cluster
from tests.queue.survival.marks import read_marks
from tests.queue.survival.work import enqueue, outcomes_of, wait_until_done
from tests.service import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

SEAT_COUNT = 4
ROUNDS = 3
#: For the next tasks, once seats have been killed.
NEXT_SECONDS = 2.0
#: For what fails and is attempted again 1 or 2 s later.
FAIL_SECONDS = 15.0

#: The task, its arguments, and what is said of its seat's end.
DEATHS = [
    ("die_by_signal", [int(signal.SIGKILL)], "signal SIGKILL"),
    ("die_by_exit", [3], "exit status 3"),
    ("die_by_bad_read", [], "signal SIGSEGV"),
]


def wait_for_seats(cluster: RunningCluster) -> None:
    wait_for(lambda: len(cluster.seats) == SEAT_COUNT, FAIL_SECONDS, "seats are missing")


def kill_every_seat(cluster: RunningCluster) -> None:
    for seat in cluster.seats:
        seat.kill()


def test_tasks_run_at_once_although_all_idle_seats_were_killed_again_and_again(
    tmp_path: Path,
) -> None:
    with keep_cluster(tmp_path, "--seats", str(SEAT_COUNT)) as keeper:
        wait_for_seats(keeper.cluster)
        for _ in range(ROUNDS):
            kill_every_seat(keeper.cluster)
            wait_for(lambda: keeper.cluster.seats, NEXT_SECONDS, "no seat came back")
        for _ in range(100):
            enqueue("run_marked", tmp_path / "marks", 0)
        wait_until_done("run_marked", NEXT_SECONDS)
    assert len(read_marks(tmp_path / "marks", "end")) == 100


def test_a_task_that_kills_its_own_process_fails_as_worker_lost(
    settings: Any, tmp_path: Path
) -> None:
    settings.TASK_MAX_ATTEMPTS = 2
    marks = tmp_path / "marks"
    with keep_cluster(tmp_path, "--seats", "2"):
        deadly = [enqueue(task, marks, *arguments) for task, arguments, _ in DEATHS]
        for _ in range(100):
            enqueue("run_marked", tmp_path / "others", 0.001)
        wait_until_done("run_marked", FAIL_SECONDS)
        for task, _, _ in DEATHS:
            wait_until_done(task, FAIL_SECONDS)
    for job_id, (_, _, ending) in zip(deadly, DEATHS, strict=True):
        job = Job.objects.get(pk=job_id)
        assert (job.state, job.error_code, job.attempts) == ("failed", "worker_lost", 2)
        assert job.error_message == f"The process that ran the task died: {ending}."
        assert outcomes_of(job) == [("worker_lost", True)] * 2
    assert len(read_marks(marks)) == 2 * len(DEATHS)
    others = Job.objects.filter(function__endswith="run_marked")
    assert set(others.values_list("state", "attempts")) == {("succeeded", 1)}
