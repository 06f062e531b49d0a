"""A supervisor that is killed or stands still: its tasks run elsewhere, and once count."""

from __future__ import annotations

import signal
from pathlib import Path
from uuid import UUID

import psutil
import pytest
from django.db import connection
from django_q.models import Task

from processing.models import Job
from processing.queue.claims import LEASE_SECONDS
from processing.queue.leases import FOREIGN_GRACE_SECONDS
from tests.queue.survival.keeper import keep_cluster
from tests.queue.survival.marks import read_marks, wait_for_marks
from tests.queue.survival.work import count_left, enqueue, outcomes_of, wait_until_done
from tests.service import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

#: Well before a lease of 15 s ends.
AT_ONCE_SECONDS = 8.0
DONE_SECONDS = 15.0
#: Another cluster looks at leases every 5 s; the rest is for a machine with more to do.
TAKEOVER_SECONDS = LEASE_SECONDS + FOREIGN_GRACE_SECONDS + 20.0


def stop_before_it_settles(supervisor: psutil.Process, job_id: UUID, now: Path) -> None:
    """Stand still with a result in the socket; in a transaction on SQLite it stops all others."""
    supervisor.send_signal(signal.SIGSTOP)
    now.touch()


def stop_as_it_settles(supervisor: psutil.Process, job_id: UUID, now: Path) -> None:
    """Stand still in a transaction that has written the job's row and is not committed."""
    other = connection.copy()
    other.set_autocommit(False)
    with other.cursor() as cursor:
        cursor.execute("SELECT 1 FROM processing_job WHERE id = %s FOR UPDATE", [job_id])
    now.touch()
    wait_for(is_somebody_blocked, AT_ONCE_SECONDS, "nobody waits for the row")
    supervisor.send_signal(signal.SIGSTOP)
    other.rollback()
    other.close()


STAND_STILL = {"sqlite": stop_before_it_settles, "postgresql": stop_as_it_settles}


def is_somebody_blocked() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


def test_tasks_of_a_killed_supervisor_run_again_at_once_and_are_not_charged(
    tmp_path: Path, marks: Path
) -> None:
    go = tmp_path / "go"
    with keep_cluster(tmp_path, "--seats", "2") as keeper:
        jobs = [enqueue("run_until", marks, go, 60.0) for _ in range(2)]
        wait_for_marks(marks, "begin", 2)
        seats = keeper.cluster.seats
        keeper.cluster.supervisor.kill()
        wait_for(lambda: len(read_marks(marks, "begin")) == 4, AT_ONCE_SECONDS, "not run again")
        assert not any(seat.is_running() for seat in seats)
        go.touch()
        wait_until_done("run_until", DONE_SECONDS)
        assert keeper.start_count == 1
    for job in Job.objects.filter(pk__in=jobs):
        assert job.attempts == 1
        assert outcomes_of(job) == [("worker_lost", False), ("succeeded", True)]


def test_what_a_standing_supervisor_held_is_taken_over_and_its_late_result_is_not_saved(
    tmp_path: Path, marks: Path
) -> None:
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        folder.mkdir()
    go, now = tmp_path / "go", tmp_path / "now"
    with keep_cluster(folders[0], "--seats", "2") as first:
        long = enqueue("note_interrupt", marks, go)
        short = enqueue("run_until", marks, now, 60.0)
        wait_for_marks(marks, "begin", 2)
        supervisor = first.cluster.supervisor
        STAND_STILL[connection.vendor](supervisor, short, now)
        wait_for_marks(marks, "end", 1)
        now.unlink()
        with keep_cluster(folders[1], "--seats", "2") as second:
            wait_for(
                lambda: len(read_marks(marks, "begin")) == 4, TAKEOVER_SECONDS, "not taken over"
            )
            supervisor.send_signal(signal.SIGCONT)
            wait_for_marks(marks, "interrupted", 1)
            late = f"job {short.hex}:1 was no longer ours"
            wait_for(lambda: late in first.cluster.log, DONE_SECONDS, "no word of the late result")
            assert count_left("run_until") == count_left("note_interrupt") == 1
            go.touch()
            now.touch()
            wait_until_done("run_until", DONE_SECONDS)
            wait_until_done("note_interrupt", DONE_SECONDS)
            seat_pids = [seat.pid for seat in second.cluster.seats]
    for job in Job.objects.filter(pk__in=[long, short]):
        assert outcomes_of(job) == [("worker_lost", False), ("succeeded", True)]
        assert job.past_deliveries[-1]["where"].rpartition(":")[2] in map(str, seat_pids)
    assert read_marks(marks, "interrupted")[0].delivery == 1
    rows = Task.objects.filter(pk__in=[long.hex, short.hex])
    assert sorted(rows.values_list("success", "attempt_count")) == [(True, 1)] * 2
