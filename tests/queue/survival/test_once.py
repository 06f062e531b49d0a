"""`qcluster --once`, and the arguments that the command takes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django_q.models import Task
from django_q.tasks import Chain

from processing.models import Job
from tests.cluster import drain_queue, make_cluster_environment, run_cluster
from tests.queue.survival.marks import read_marks
from tests.queue.survival.work import MODULE, enqueue
from tests.service import ROOT

pytestmark = pytest.mark.django_db(transaction=True)

BAD_SEATS = ["0", "-1", "257", "two", "1.5", ""]


def test_once_runs_all_that_is_due_and_what_comes_of_it(tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    for _ in range(100):
        enqueue("run_marked", marks, 0)
    chain = Chain()
    for _ in range(5):
        chain.append(f"{MODULE}.run_marked", str(marks), 0)
    chain.run()
    hooked = enqueue("run_marked", marks, 0, hook=f"{MODULE}.note_hook", group=str(marks))
    drain_queue(tmp_path, "--seats", "2")
    assert len(read_marks(marks, "end")) == 106
    assert [mark.job_id for mark in read_marks(marks, "hook")] == [hooked]
    assert Task.objects.filter(func=f"{MODULE}.run_marked", success=True).count() == 106
    assert not Job.objects.live().exists()


def test_once_leaves_what_is_not_due(tmp_path: Path) -> None:
    job_id = enqueue("die_by_exit", tmp_path / "marks", 3)
    drain_queue(tmp_path, "--seats", "2")
    job = Job.objects.get(pk=job_id)
    assert (job.state, job.attempts) == ("queued", 1)


def test_one_seat_runs_one_task_at_a_time(tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    for _ in range(5):
        enqueue("run_marked", marks, 0.05)
    with run_cluster(tmp_path, "--seats", "1") as cluster:
        assert len(cluster.seats) == 1
    drain_queue(tmp_path, "--seats", "1")
    assert [mark.event for mark in read_marks(marks)] == ["begin", "end"] * 5


@pytest.mark.parametrize("seats", BAD_SEATS)
def test_seats_that_make_no_sense_are_refused(seats: str) -> None:
    with pytest.raises(CommandError, match="write a whole number, 1 to 256"):
        call_command("qcluster", "--seats", seats)


def test_a_bad_argument_is_told_on_the_command_line(tmp_path: Path) -> None:
    command = [sys.executable, "manage.py", "qcluster", "--seats", "0"]
    env = make_cluster_environment(tmp_path)
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.endswith("'0' is not a number of seats; write a whole number, 1 to 256\n")
