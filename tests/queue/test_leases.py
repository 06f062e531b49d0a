"""Leases: kept by the cluster that claimed, and taken over when it is gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from processing.models import Job
from processing.queue import leases
from processing.queue.claims import LEASE_SECONDS
from processing.queue.cluster_name import ClusterName
from processing.queue.leases import (
    FOREIGN_GRACE_SECONDS,
    find_cancelled,
    give_up,
    reclaim_lost_jobs,
    renew_leases,
)
from tests.factories import make_job
from tests.queue.clusters import name_cluster, run_first_process
from tests.queue.endings import make_running_job, read_delivery

pytestmark = pytest.mark.django_db

OURS = ClusterName.of_this_process(2)
#: Of a machine of which this one sees nothing.
THEIRS = replace(OURS, space="elsewhere")


def held_by(name: ClusterName | str, *, lease_seconds: float = 5, **columns: Any) -> Job:
    """A job that was claimed in this name, under a lease that ends in so many seconds."""
    ends_at = timezone.now() + timedelta(seconds=lease_seconds)
    return make_running_job(claimed_by=str(name), lease_expires_at=ends_at, **columns)


def lease_seconds_of(job: Job) -> float:
    job.refresh_from_db()
    return float((job.lease_expires_at - timezone.now()).total_seconds())


def state_of(job: Job) -> str:
    job.refresh_from_db()
    return str(job.state)


def test_what_is_held_is_held_for_another_while_and_named() -> None:
    held = [held_by(OURS, deliveries=3), held_by(OURS, lease_seconds=-60)]
    foreign = held_by(THEIRS)
    earlier = held_by(replace(OURS, generation=1))
    ended = held_by(OURS)
    Job.objects.filter(pk=ended.pk).update(state="succeeded")
    assert renew_leases(OURS) == {read_delivery(job) for job in held}
    for job in held:
        assert LEASE_SECONDS - 5 < lease_seconds_of(job) <= LEASE_SECONDS
    for job in (foreign, earlier, ended):
        assert lease_seconds_of(job) <= 5


def test_renewing_takes_one_statement_for_all_jobs(django_assert_num_queries: Any) -> None:
    for _ in range(9):
        held_by(OURS)
    with django_assert_num_queries(1):
        renew_leases(OURS)


def test_a_job_of_another_machine_is_taken_back_when_lease_and_grace_are_over() -> None:
    lost = held_by(THEIRS, lease_seconds=-FOREIGN_GRACE_SECONDS - 1)
    graced = held_by(THEIRS, lease_seconds=-FOREIGN_GRACE_SECONDS + 5)
    leased = held_by(THEIRS)
    assert reclaim_lost_jobs(OURS) == 1
    assert [state_of(job) for job in (lost, graced, leased)] == ["queued", "running", "running"]
    lost.refresh_from_db()
    assert (lost.attempts, lost.error_code, lost.claimed_by) == (0, "worker_lost", "")
    [past] = lost.past_deliveries
    assert (past["outcome"], past["charged"], past["started_at"]) == ("worker_lost", False, None)


def test_the_jobs_of_a_dead_cluster_of_this_machine_are_taken_back_at_once() -> None:
    with run_first_process() as process:
        job = held_by(name_cluster(process.pid))
        assert reclaim_lost_jobs(OURS) == 0, "it lives"
        assert state_of(job) == "running"
    assert reclaim_lost_jobs(OURS) == 1
    assert state_of(job) == "queued"


def test_the_jobs_of_a_cluster_that_died_on_another_machine_wait_for_their_lease() -> None:
    with run_first_process() as process:
        job = held_by(name_cluster(process.pid, space="elsewhere"))
    assert reclaim_lost_jobs(OURS) == 0
    assert state_of(job) == "running"


def test_a_cluster_that_hangs_on_this_machine_loses_its_jobs_with_its_leases() -> None:
    with run_first_process() as process:
        job = held_by(name_cluster(process.pid), lease_seconds=-FOREIGN_GRACE_SECONDS - 1)
        assert reclaim_lost_jobs(OURS) == 1
    assert state_of(job) == "queued"


def test_what_our_earlier_supervisor_held_is_taken_back_at_once() -> None:
    job = held_by(replace(OURS, generation=1))
    assert reclaim_lost_jobs(OURS) == 1
    assert state_of(job) == "queued"


def test_our_own_jobs_are_left_to_ourselves_even_with_their_leases_over() -> None:
    held_by(OURS, lease_seconds=-600)
    assert reclaim_lost_jobs(OURS) == 0


def test_a_claimant_that_is_no_cluster_goes_by_its_lease() -> None:
    held_by("someone")
    lost = held_by("someone else", lease_seconds=-FOREIGN_GRACE_SECONDS - 1)
    make_job()
    assert reclaim_lost_jobs(OURS) == 1
    assert state_of(lost) == "queued"


def test_a_job_that_takes_clusters_down_comes_to_an_end() -> None:
    job = held_by(THEIRS, delivery_limit=3, max_attempts=1)
    for state in ("queued", "queued", "failed"):
        Job.objects.update(lease_expires_at=timezone.now() - timedelta(minutes=1))
        assert reclaim_lost_jobs(OURS) == 1
        assert state_of(job) == state
        if state == "queued":
            deliveries = F("deliveries") + 1
            Job.objects.update(state="running", claimed_by=str(THEIRS), deliveries=deliveries)
    assert (job.attempts, job.error_code) == (0, "worker_lost")
    assert job.finished_at is not None
    assert [past["delivery"] for past in job.past_deliveries] == [1, 2, 3]


def test_a_lost_job_that_was_to_be_cancelled_is_cancelled() -> None:
    job = held_by(replace(OURS, generation=1), cancel_requested_at=timezone.now())
    reclaim_lost_jobs(OURS)
    assert state_of(job) == "cancelled"


def test_only_so_many_are_taken_back_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "BATCH_ROWS", 2)
    for _ in range(3):
        held_by(replace(OURS, generation=1))
    assert [reclaim_lost_jobs(OURS) for _ in range(3)] == [2, 1, 0]


def test_what_is_given_up_is_queued_again_and_what_ended_meanwhile_is_not() -> None:
    orphan, ended = held_by(OURS), held_by(OURS)
    deliveries = [read_delivery(orphan), read_delivery(ended)]
    Job.objects.filter(pk=ended.pk).update(state="succeeded")
    give_up(deliveries)
    assert (state_of(orphan), state_of(ended)) == ("queued", "succeeded")


def test_only_our_own_running_jobs_are_looked_up_for_cancelling() -> None:
    now = timezone.now()
    asked = held_by(OURS, cancel_requested_at=now, deliveries=4)
    held_by(OURS)
    held_by(THEIRS, cancel_requested_at=now)
    Job.objects.filter(pk=held_by(OURS).pk).update(state="failed", cancel_requested_at=now)
    assert find_cancelled(OURS) == [read_delivery(asked)]
