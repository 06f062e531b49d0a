"""Leases: kept by the cluster that claimed, and taken over when it is gone."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import psutil
import pytest
from django.utils import timezone

from processing.models import Job
from processing.queue.leases import Cluster, reclaim_lost_jobs, renew_leases
from tests.factories import make_job

pytestmark = pytest.mark.django_db

OURS, THEIRS = "ours", "theirs"
SEAT, DEAD_SEAT = 101, 102


def seconds_ago(seconds: float) -> Any:
    return timezone.now() - timedelta(seconds=seconds)


def running_job(**columns: Any) -> Job:
    """A job that our cluster started two minutes ago and whose lease ended just now."""
    defaults = {
        "state": "running",
        "deliveries": 1,
        "claimed_by": OURS,
        "seat_pid": SEAT,
        "started_at": seconds_ago(120),
        "lease_expires_at": seconds_ago(1),
    }
    return make_job(**(defaults | columns))


def is_renewed(job: Job) -> bool:
    job.refresh_from_db()
    return job.lease_expires_at > timezone.now() + timedelta(seconds=10)


def test_the_jobs_of_living_seats_are_held() -> None:
    alive, dead = running_job(), running_job(seat_pid=DEAD_SEAT)
    foreign = running_job(claimed_by=THEIRS)
    assert renew_leases(OURS, [SEAT]) == 1
    assert [is_renewed(job) for job in (alive, dead, foreign)] == [True, False, False]


def test_a_job_that_waits_for_its_seat_is_held_for_a_minute() -> None:
    fresh = running_job(seat_pid=None, started_at=seconds_ago(30))
    forgotten = running_job(seat_pid=None, started_at=seconds_ago(61))
    renew_leases(OURS, [SEAT])
    assert [is_renewed(job) for job in (fresh, forgotten)] == [True, False]


def test_a_seat_that_died_costs_an_attempt_and_fails_the_job_in_the_end() -> None:
    job = running_job(max_attempts=2)
    for attempts, state in [(1, "queued"), (2, "failed")]:
        assert reclaim_lost_jobs(OURS) == 1
        job.refresh_from_db()
        assert (job.state, job.attempts, job.error_code) == (state, attempts, "worker_lost")
        assert (job.seat_pid, job.claimed_by, job.lease_expires_at) == (None, "", None)
        if state == "queued":
            claimed = {"state": "running", "claimed_by": OURS, "seat_pid": SEAT, "deliveries": 2}
            Job.objects.update(**claimed, lease_expires_at=seconds_ago(1))
    assert job.finished_at is not None
    assert reclaim_lost_jobs(OURS) == 0


def test_a_cluster_that_is_gone_costs_deliveries_alone_and_not_for_ever() -> None:
    job = running_job(claimed_by=THEIRS, lease_expires_at=seconds_ago(11), max_attempts=1)
    assert reclaim_lost_jobs(OURS) == 1
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("queued", 0)
    Job.objects.update(
        state="running", deliveries=13, claimed_by=THEIRS, lease_expires_at=seconds_ago(11)
    )
    assert reclaim_lost_jobs(OURS) == 1
    job.refresh_from_db()
    assert (job.state, job.attempts, job.error_code) == ("failed", 0, "worker_lost")


def test_another_cluster_gets_time_to_take_its_own_jobs_back() -> None:
    running_job(claimed_by=THEIRS, lease_expires_at=seconds_ago(5))
    assert reclaim_lost_jobs(OURS) == 0


def test_a_job_under_a_lease_is_left_alone() -> None:
    running_job(lease_expires_at=timezone.now() + timedelta(seconds=5))
    make_job()
    assert reclaim_lost_jobs(OURS) == 0


def test_a_seat_that_was_killed_when_its_time_was_up_had_a_timeout() -> None:
    job = running_job(timeout_seconds=100, max_attempts=1)
    reclaim_lost_jobs(OURS)
    job.refresh_from_db()
    assert (job.state, job.error_code) == ("failed", "timeout")
    assert "100 seconds" in job.error_message


def test_a_seat_that_died_long_before_its_time_was_lost() -> None:
    job = running_job(timeout_seconds=600, max_attempts=1)
    reclaim_lost_jobs(OURS)
    job.refresh_from_db()
    assert job.error_code == "worker_lost"


def test_a_cluster_is_named_for_its_supervisor_and_knows_its_children() -> None:
    cluster, parent = Cluster(), psutil.Process(os.getppid())
    assert cluster.name.endswith(f":{parent.pid}:{parent.create_time():.2f}")
    assert os.getpid() in cluster.find_seats()
