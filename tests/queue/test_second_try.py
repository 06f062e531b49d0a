"""What becomes of jobs that took more memory than they may."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from processing.models import Job
from processing.queue.ending import CANCELLED, GIVEN_BACK, SUCCEEDED, Ending
from processing.queue.failures import make_error
from processing.queue.second_try import (
    ALONE_EVERY_SECONDS,
    LATEST_JOBS,
    PARKED_MOST,
    WAITING_MOST,
    find_alone_delay,
)
from processing.queue.settle import settle_endings
from tests.queue.endings import (
    OVER,
    make_bad_ending,
    make_ended,
    make_good_ending,
    make_parked,
    make_running_job,
    read_delivery,
)

pytestmark = pytest.mark.django_db

LOW_SECONDS = 600
PROFILE = json.dumps([{"place": "/app/hog.py:12", "line": "grow()", "bytes": 9, "blocks": 1}])
#: How far apart the clocks of test and database may be, and two statements.
TOLERANCE_SECONDS = 5.0


def go_over(job: Job, **given: Any) -> Job:
    ending = make_bad_ending(job, outcome=OVER, error=make_error(OVER, "84 MB"), **given)
    assert ending.settle(job)
    job.refresh_from_db()
    return job


def seconds_from_now(moment: Any) -> float:
    return float((moment - timezone.now()).total_seconds())


def is_about(moment: Any, seconds: float) -> bool:
    return abs(seconds_from_now(moment) - seconds) < TOLERANCE_SECONDS


@pytest.mark.parametrize("priority", ["high", "normal", "low"])
def test_it_is_tried_once_more_alone_at_the_place_of_a_low_job(priority: str) -> None:
    job = go_over(make_running_job(priority=priority))
    assert (job.state, job.runs_alone, job.attempts) == ("queued", True, 1)
    assert (job.error_code, job.error_message, job.priority) == (OVER, "84 MB", priority)
    assert is_about(job.run_after, 0)
    assert job.order_at - job.run_after == timedelta(seconds=LOW_SECONDS)


def test_no_more_tries_wait_than_can_be_had_in_minutes() -> None:
    waiting = [go_over(make_running_job()) for _ in range(WAITING_MOST)]
    assert [job.state for job in waiting] == ["queued"] * WAITING_MOST
    assert go_over(make_running_job()).state == "failed"
    assert go_over(make_running_job(function="shop.other")).state == "queued", "of another kind"
    Job.objects.filter(pk=waiting[0].pk).update(state="succeeded")
    assert go_over(make_running_job()).state == "queued"


def test_a_second_time_it_has_failed_for_good_with_its_profile() -> None:
    job = go_over(make_running_job(runs_alone=True, max_attempts=9), allocation_profile=PROFILE)
    assert (job.state, job.attempts, job.error_code) == ("failed", 1, OVER)
    assert json.loads(job.allocation_profile)[0]["place"] == "/app/hog.py:12"
    assert job.runs_alone


@pytest.mark.parametrize(
    "columns", [{"max_attempts": 1}, {"attempts": 2, "max_attempts": 3}, {"delivery_limit": 1}]
)
def test_without_an_attempt_left_there_is_no_second_try(columns: dict[str, Any]) -> None:
    job = go_over(make_running_job(**columns))
    assert (job.state, job.runs_alone) == ("failed", False)


def test_of_one_kind_one_a_minute_is_tried_alone() -> None:
    jobs = [go_over(make_running_job()) for _ in range(3)]
    for number, job in enumerate(jobs):
        assert is_about(job.run_after, number * ALONE_EVERY_SECONDS)
        assert job.order_at - job.run_after == timedelta(seconds=LOW_SECONDS)


def test_the_minute_counts_from_when_the_last_try_was_taken_where_that_was_late() -> None:
    long_ago = timezone.now() - timedelta(hours=1)
    make_running_job(
        runs_alone=True, run_after=long_ago, started_at=timezone.now() - timedelta(seconds=20)
    )
    assert abs(find_alone_delay(make_running_job()) - 40) < TOLERANCE_SECONDS


def test_a_try_of_long_ago_is_waited_for_no_more() -> None:
    long_ago = timezone.now() - timedelta(hours=1)
    make_running_job(runs_alone=True, run_after=long_ago, started_at=long_ago)
    assert find_alone_delay(make_running_job()) == 0


@pytest.mark.parametrize("other", [{"processor": "echo"}, {"function": "another.function"}])
def test_another_kind_has_a_minute_of_its_own(other: dict[str, Any]) -> None:
    go_over(make_running_job(**other))
    assert is_about(go_over(make_running_job()).run_after, 0)


@pytest.mark.parametrize("kind", [{}, {"processor": "echo"}])
def test_where_three_of_the_last_twenty_were_parked_there_is_no_second_try(
    kind: dict[str, Any],
) -> None:
    make_ended(LATEST_JOBS, **kind)
    make_parked(PARKED_MOST, **kind)
    make_ended(LATEST_JOBS - PARKED_MOST, **kind)
    assert go_over(make_running_job(**kind)).state == "failed"


@pytest.mark.parametrize("kind", [{}, {"processor": "echo"}])
def test_three_of_more_jobs_are_forgotten(kind: dict[str, Any]) -> None:
    old = timezone.now() - timedelta(hours=1)
    make_parked(PARKED_MOST, created_at=old, run_after=old, **kind)
    make_ended(LATEST_JOBS - PARKED_MOST + 1, **kind)
    assert go_over(make_running_job(**kind)).state == "queued"


@pytest.mark.parametrize(
    "columns",
    [
        {"processor": "echo"},
        {"function": "another"},
        {"error_code": "timeout"},
        {"state": "queued"},
    ],
)
def test_only_parked_jobs_of_its_kind_count(columns: dict[str, Any]) -> None:
    make_parked(PARKED_MOST - 1)
    make_parked(5, **columns)
    assert go_over(make_running_job()).state == "queued"


def test_jobs_that_wait_or_run_are_none_that_ended() -> None:
    old = timezone.now() - timedelta(hours=1)
    make_parked(PARKED_MOST, created_at=old, run_after=old)
    make_ended(LATEST_JOBS, state="queued")
    assert go_over(make_running_job()).state == "failed"


@pytest.mark.parametrize("code", ["task_error", "timeout", "worker_lost"])
def test_what_fails_alone_in_another_way_goes_on_alone_a_minute_later(code: str) -> None:
    job = make_running_job(runs_alone=True)
    assert make_bad_ending(job, outcome=code, error=make_error(code, "no")).settle(job)
    job.refresh_from_db()
    assert (job.state, job.runs_alone, job.attempts) == ("queued", True, 1)
    assert is_about(job.run_after, ALONE_EVERY_SECONDS)
    assert job.order_at - job.run_after == timedelta(seconds=LOW_SECONDS)


def test_what_fails_alone_in_another_way_has_its_attempts_and_no_more() -> None:
    job = make_running_job(runs_alone=True, attempts=2, max_attempts=3)
    assert make_bad_ending(job).settle(job)
    assert job.state == "failed"


def test_what_is_given_back_by_a_stop_runs_alone_again_at_its_old_place() -> None:
    job = make_running_job(runs_alone=True)
    place = job.run_after, job.order_at
    assert make_bad_ending(job, outcome=GIVEN_BACK, charged=False).settle(job)
    job.refresh_from_db()
    assert (job.state, job.runs_alone, job.attempts) == ("queued", True, 0)
    assert (job.run_after, job.order_at) == place


def test_what_loses_its_cluster_runs_alone_again_at_its_old_place() -> None:
    job = make_running_job(runs_alone=True)
    place = job.run_after, job.order_at
    assert Ending.of_lost(read_delivery(job), make_error("worker_lost", "gone")).settle(job)
    job.refresh_from_db()
    assert (job.runs_alone, job.run_after, job.order_at) == (True, *place)


def test_a_job_that_was_asked_to_stop_is_not_tried_again() -> None:
    assert go_over(make_running_job(cancel_requested_at=timezone.now())).state == CANCELLED


def test_a_job_that_succeeds_alone_keeps_its_profile() -> None:
    alone, other = make_running_job(runs_alone=True), make_running_job()
    endings = [make_good_ending(alone, allocation_profile=PROFILE), make_good_ending(other)]
    settle_endings(endings)
    alone.refresh_from_db()
    other.refresh_from_db()
    assert (alone.state, alone.allocation_profile) == (SUCCEEDED, PROFILE)
    assert (other.state, other.allocation_profile) == (SUCCEEDED, "")


def test_a_retry_by_hand_begins_anew_beside_others() -> None:
    job = go_over(make_running_job(runs_alone=True), allocation_profile=PROFILE)
    job.retry()
    assert (job.state, job.runs_alone, job.allocation_profile) == ("queued", False, "")


def test_the_other_jobs_of_a_batch_are_settled_with_it() -> None:
    over, good = make_running_job(), make_running_job()
    ending = make_bad_ending(over, outcome=OVER, error=make_error(OVER, "84 MB"))
    assert settle_endings([ending, make_good_ending(good)]) == {
        read_delivery(over),
        read_delivery(good),
    }
    over.refresh_from_db()
    good.refresh_from_db()
    assert (over.state, good.state) == ("queued", "succeeded")
