"""How a delivery ended, and what that makes of its job."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import pytest
from django.utils import timezone

from processing.models import Job
from processing.queue.ending import (
    CANCELLED,
    GIVEN_BACK,
    RETRY_BASE_SECONDS,
    RETRY_MAX_SECONDS,
    Ending,
    retry_delay_seconds,
)
from processing.queue.failures import make_error
from tests.queue.endings import (
    PLACE,
    make_bad_ending,
    make_good_ending,
    make_running_job,
    read_delivery,
)

pytestmark = pytest.mark.django_db


def settle(ending: Ending, job: Job) -> Job:
    assert ending.settle(job)
    job.refresh_from_db()
    return job


def wait_of(job: Job) -> float:
    return float((job.run_after - timezone.now()).total_seconds())


def test_a_failed_attempt_is_queued_again_with_its_error() -> None:
    job = make_running_job()
    settle(make_bad_ending(job, error=make_error("timeout", "too long", "Traceback")), job)
    assert (job.state, job.attempts, job.finished_at) == ("queued", 1, None)
    assert (job.error_code, job.error_message) == ("timeout", "too long")
    assert job.error_traceback == "Traceback"


@pytest.mark.parametrize(("attempts", "longest_seconds"), [(0, 2), (1, 4), (4, 32)])
def test_the_wait_before_the_next_attempt_doubles(attempts: int, longest_seconds: int) -> None:
    job = make_running_job(attempts=attempts, max_attempts=9)
    settle(make_bad_ending(job), job)
    assert longest_seconds / 2 - 1 < wait_of(job) <= longest_seconds
    assert job.order_at == job.run_after


def test_the_wait_has_jitter_and_is_bounded() -> None:
    for attempt, longest in [(1, RETRY_BASE_SECONDS), (2, 4), (3, 8), (50, RETRY_MAX_SECONDS)]:
        delays = [retry_delay_seconds(attempt) for _ in range(50)]
        assert longest / 2 <= min(delays) < max(delays) <= longest


def test_the_last_attempt_fails_the_job() -> None:
    job = make_running_job(attempts=2)
    settle(make_bad_ending(job), job)
    assert (job.state, job.attempts, job.error_message) == ("failed", 3, "no")
    assert job.finished_at is not None


def test_what_can_never_be_better_fails_the_job_at_once() -> None:
    job = make_running_job()
    settle(make_bad_ending(job, is_final=True), job)
    assert (job.state, job.attempts) == ("failed", 1)


def test_what_is_given_back_keeps_its_place_and_its_attempts() -> None:
    job = make_running_job(attempts=2)
    place = job.run_after, job.order_at
    settle(make_bad_ending(job, outcome=GIVEN_BACK, charged=False), job)
    assert (job.state, job.attempts, job.error_code) == ("queued", 2, "")
    assert (job.run_after, job.order_at) == place


def test_a_lost_delivery_is_no_attempt_and_has_its_old_place() -> None:
    job = make_running_job(attempts=2, max_attempts=3)
    place = job.run_after, job.order_at
    lost = Ending.of_lost(read_delivery(job), make_error("worker_lost", "gone"))
    settle(lost, job)
    assert (job.state, job.attempts, job.error_code) == ("queued", 2, "worker_lost")
    assert (job.run_after, job.order_at) == place


def test_lost_deliveries_come_to_an_end() -> None:
    job = make_running_job(deliveries=13, delivery_limit=13)
    settle(Ending.of_lost(read_delivery(job), make_error("worker_lost", "gone")), job)
    assert (job.state, job.attempts, job.error_code) == ("failed", 0, "worker_lost")


@pytest.mark.parametrize("outcome", ["task_error", GIVEN_BACK, CANCELLED])
def test_a_request_to_cancel_wins_over_all_but_success(outcome: str) -> None:
    job = make_running_job(cancel_requested_at=timezone.now())
    settle(make_bad_ending(job, outcome=outcome), job)
    assert job.state == "cancelled"
    assert job.finished_at is not None


def test_what_was_cancelled_by_order_is_cancelled() -> None:
    job = make_running_job()
    settle(make_bad_ending(job, outcome=CANCELLED), job)
    assert job.state == "cancelled"


@pytest.mark.parametrize("outcome", ["task_error", GIVEN_BACK, CANCELLED])
def test_a_delivery_that_runs_no_more_changes_nothing(outcome: str) -> None:
    job = make_running_job()
    ending = make_bad_ending(job, outcome=outcome)
    Job.objects.update(deliveries=2)
    before = Job.objects.values().get()
    assert not ending.settle(job)
    assert Job.objects.values().get() == before


@pytest.mark.parametrize(
    ("columns", "given", "is_end"),
    [
        ({}, {}, False),
        ({"attempts": 2}, {}, True),
        ({"attempts": 2}, {"charged": False}, False),
        ({"attempts": 2}, {"outcome": GIVEN_BACK}, False),
        ({}, {"outcome": CANCELLED}, True),
        ({}, {"is_final": True}, True),
        ({"deliveries": 13}, {}, True),
        ({"cancel_requested_at": datetime(2026, 1, 1, tzinfo=UTC)}, {}, True),
        ({"cancel_requested_at": datetime(2026, 1, 1, tzinfo=UTC)}, {"outcome": GIVEN_BACK}, True),
    ],
)
def test_a_job_knows_at_once_whether_this_was_its_end(
    columns: dict[str, Any], given: dict[str, Any], is_end: bool
) -> None:
    job = make_running_job(**columns)
    assert make_bad_ending(job, **given).settle(job)
    assert job.is_final is is_end
    job.refresh_from_db()
    assert job.is_final is is_end


def test_the_history_tells_when_and_where_the_task_ran_and_how_it_ended() -> None:
    job = make_running_job(deliveries=3)
    settle(make_bad_ending(job), job)
    [past] = job.past_deliveries
    began_at, ended_at = (
        datetime.fromisoformat(past.pop(name)) for name in ("started_at", "ended_at")
    )
    assert timedelta(seconds=1.9) < ended_at - began_at < timedelta(seconds=2.1)
    assert abs(ended_at - timezone.now()) < timedelta(seconds=10)
    assert past == {"delivery": 3, "where": PLACE, "outcome": "task_error", "charged": True}


def test_a_delivery_that_never_began_has_no_start_in_the_history() -> None:
    job = make_running_job()
    ending = make_bad_ending(job, outcome=GIVEN_BACK, charged=False, began_at=None)
    settle(ending, job)
    [past] = job.past_deliveries
    assert (past["started_at"], past["outcome"], past["charged"]) == (None, "given back", False)
    assert ending.began_seconds_ago is None


def test_how_long_ago_a_task_began_goes_by_the_monotonic_clock() -> None:
    job = make_running_job()
    ending = make_good_ending(job, began_at=monotonic() - 5)
    assert ending.began_seconds_ago is not None
    assert 5 <= ending.began_seconds_ago < 15


def test_the_wait_before_an_attempt_has_a_bound_however_many_there_were() -> None:
    assert retry_delay_seconds(10_000) <= RETRY_MAX_SECONDS
