"""A stop and the processes that tasks have started: they end, and the task pays for nothing."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from processing.models import Job
from tests.cluster import drain_queue
from tests.queue.survival.keeper import find_marked, keep_cluster
from tests.queue.survival.marks import read_marks, wait_for_marks
from tests.queue.survival.work import enqueue, outcomes_of

pytestmark = pytest.mark.django_db(transaction=True)

KINDS = ("program", "fork", "process")


def test_a_child_dies_of_the_stop_and_its_task_is_queued_again(tmp_path: Path) -> None:
    marks, go = tmp_path / "marks", tmp_path / "go"
    with keep_cluster(tmp_path, "--seats", "3", SHUTDOWN_GRACE_SECONDS="10") as keeper:
        jobs = [enqueue("wait_for_child", marks, kind, go) for kind in KINDS]
        wait_for_marks(marks, "child", 3)
        pids = [process.pid for process in find_marked(tmp_path)]
        for pid in sorted(pids, reverse=True):  # the children first
            os.kill(pid, signal.SIGTERM)
        assert keeper.cluster.process.wait(5.0) == 0
    assert len(read_marks(marks, f"child-ended-{-signal.SIGTERM}")) == 3
    for job in Job.objects.filter(pk__in=jobs):
        assert (job.state, job.attempts, job.error_message) == ("queued", 0, "")
        assert outcomes_of(job) == [("given back", False)]
    go.touch()
    drain_queue(tmp_path)
    assert set(Job.objects.filter(pk__in=jobs).values_list("state", "attempts")) == {
        ("succeeded", 1)
    }


def test_children_that_no_signal_reached_end_with_their_tasks(tmp_path: Path) -> None:
    marks, go = tmp_path / "marks", tmp_path / "go"
    with keep_cluster(tmp_path, "--seats", "4", SHUTDOWN_GRACE_SECONDS="1") as keeper:
        jobs = [enqueue("wait_for_child", marks, kind, go) for kind in KINDS]
        left = enqueue("leave_child", marks)
        wait_for_marks(marks, "child", 4)
        keeper.cluster.process.send_signal(signal.SIGTERM)
        assert keeper.cluster.process.wait(6.0) == 0
        assert not find_marked(tmp_path)
    assert Job.objects.get(pk=left).state == "succeeded"
    for job in Job.objects.filter(pk__in=jobs):
        assert outcomes_of(job) == [("given back", False)]
