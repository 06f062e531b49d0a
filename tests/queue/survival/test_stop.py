"""A cluster that is told to stop: what runs ends in time or is queued again, uncharged."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from processing.models import Job
from tests.cluster import RunningCluster, drain_queue
from tests.queue.survival.keeper import keep_cluster
from tests.queue.survival.marks import BEGIN_SECONDS, read_marks, wait_for_marks
from tests.queue.survival.work import enqueue, outcomes_of
from tests.service import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

#: A task that a stop comes upon; it is not the task's end that is waited for.
TASK_SECONDS = 60.0


def wait_for_exit(cluster: RunningCluster, seconds: float) -> float:
    """Wait for the exit status 0; returns how long it took."""
    began_at = time.monotonic()
    assert cluster.process.wait(seconds) == 0, cluster.log
    return time.monotonic() - began_at


def check_given_back(job_id: UUID) -> None:
    job = Job.objects.get(pk=job_id)
    assert (job.state, job.attempts, job.error_code) == ("queued", 0, "")
    assert outcomes_of(job) == [("given back", False)]


def signal_template(cluster: RunningCluster) -> None:
    cluster.process.send_signal(signal.SIGTERM)


def interrupt_template(cluster: RunningCluster) -> None:
    cluster.process.send_signal(signal.SIGINT)


def signal_supervisor(cluster: RunningCluster) -> None:
    cluster.supervisor.send_signal(signal.SIGTERM)


def signal_each(cluster: RunningCluster) -> None:
    """What Heroku does: every process of the dyno gets it."""
    for process in [*cluster.seats, cluster.supervisor]:
        process.send_signal(signal.SIGTERM)
    cluster.process.send_signal(signal.SIGTERM)


@pytest.mark.parametrize("stop", [signal_template, signal_supervisor, interrupt_template])
def test_one_signal_to_one_process_stops_the_cluster(
    stop: Callable[[RunningCluster], None], tmp_path: Path, marks: Path, go: Path
) -> None:
    with keep_cluster(tmp_path, "--seats", "2", SHUTDOWN_GRACE_SECONDS="1") as keeper:
        running = [enqueue("run_until", marks, go, TASK_SECONDS) for _ in range(2)]
        wait_for_marks(marks, "begin", 2)
        stop(keeper.cluster)
        assert wait_for_exit(keeper.cluster, 5.0) >= 1.0
    for job_id in running:
        check_given_back(job_id)


def test_after_a_signal_to_every_process_the_next_cluster_runs_the_same_tasks_first(
    tmp_path: Path, marks: Path, go: Path
) -> None:
    with keep_cluster(tmp_path, "--seats", "2", SHUTDOWN_GRACE_SECONDS="3") as keeper:
        running = [enqueue("run_until", marks, go, 8.0) for _ in range(2)]
        wait_for_marks(marks, "begin", 2)
        later = enqueue("run_until", marks, go, 8.0)
        places = dict(Job.objects.values_list("pk", "order_at"))
        signal_each(keeper.cluster)
        assert wait_for_exit(keeper.cluster, 6.0) >= 3.0
    for job_id in running:
        check_given_back(job_id)
    assert dict(Job.objects.filter(pk__in=places).values_list("pk", "order_at")) == places
    go.touch()
    drain_queue(tmp_path, "--seats", "1")
    ended = [mark.job_id for mark in read_marks(marks, "end")]
    assert (set(ended[:2]), ended[2:]) == (set(running), [later])


def test_what_ends_within_the_grace_is_settled_and_what_had_not_begun_is_not_touched(
    tmp_path: Path, marks: Path
) -> None:
    with keep_cluster(tmp_path, "--seats", "2", SHUTDOWN_GRACE_SECONDS="10") as keeper:
        jobs = [enqueue("run_marked", marks, 1.0) for _ in range(8)]
        wait_for_marks(marks, "begin", 2)
        signal_template(keeper.cluster)
        wait_for_exit(keeper.cluster, 5.0)
    ended = {mark.job_id for mark in read_marks(marks, "end")}
    assert len(ended) == 2
    for job in Job.objects.filter(pk__in=jobs):
        expected = ("succeeded", 1, 1) if job.pk in ended else ("queued", 0, 0)
        assert (job.state, job.attempts, job.deliveries) == expected


def test_a_second_signal_ends_the_grace(tmp_path: Path, marks: Path, go: Path) -> None:
    with keep_cluster(tmp_path, "--seats", "2", SHUTDOWN_GRACE_SECONDS="30") as keeper:
        job_id = enqueue("run_until", marks, go, TASK_SECONDS)
        wait_for_marks(marks, "begin", 1)
        supervisor = keeper.cluster.supervisor
        spent = supervisor.cpu_times()
        signal_template(keeper.cluster)
        with pytest.raises(subprocess.TimeoutExpired):
            keeper.cluster.process.wait(1.5)
        assert sum(supervisor.cpu_times()[:2]) < sum(spent[:2]) + 0.3, "it does not sleep"
        signal_template(keeper.cluster)
        wait_for_exit(keeper.cluster, 4.0)
    check_given_back(job_id)


def test_two_signals_at_once_are_one(tmp_path: Path, marks: Path) -> None:
    with keep_cluster(tmp_path, "--seats", "2", SHUTDOWN_GRACE_SECONDS="10") as keeper:
        job_id = enqueue("run_marked", marks, 1.5)
        wait_for_marks(marks, "begin", 1)
        signal_each(keeper.cluster)
        wait_for(lambda: "stopping" in keeper.cluster.log, BEGIN_SECONDS, "it did not hear")
        signal_template(keeper.cluster)
        wait_for_exit(keeper.cluster, 5.0)
    assert Job.objects.get(pk=job_id).state == "succeeded"


def test_tasks_that_swallow_what_is_to_end_them_are_killed_and_queued_again(
    tmp_path: Path, marks: Path, go: Path
) -> None:
    with keep_cluster(tmp_path, "--seats", "2", SHUTDOWN_GRACE_SECONDS="1") as keeper:
        jobs = [enqueue("swallow_interrupts", marks, go) for _ in range(2)]
        wait_for_marks(marks, "begin", 2)
        signal_template(keeper.cluster)
        wait_for_exit(keeper.cluster, 6.0)
    assert len(read_marks(marks, "swallowed")) >= 4
    for job_id in jobs:
        check_given_back(job_id)


def test_a_signal_while_seats_are_being_started_stops_the_cluster_all_the_same(
    tmp_path: Path,
) -> None:
    for turn in range(3):
        folder = tmp_path / str(turn)
        folder.mkdir()
        with keep_cluster(folder, "--seats", "8") as keeper:
            wait_for(lambda: keeper.cluster.seats, BEGIN_SECONDS, "no seat came up")
            for seat in keeper.cluster.seats:
                seat.kill()
            signal_template(keeper.cluster)
            wait_for_exit(keeper.cluster, 3.0)
