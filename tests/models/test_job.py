"""A job's transitions: which are legal, and what each leaves on the row."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from processing.errors import IllegalState
from processing.models import Job
from processing.models.job import HISTORY_MOST_LINES
from tests.factories import make_job

pytestmark = pytest.mark.django_db

ERROR = {"error_code": "task_error", "error_message": "no", "error_traceback": "Traceback"}


def make_running_job(**columns: Any) -> Job:
    """The second delivery of a job, which began ten seconds ago."""
    now = timezone.now()
    defaults = {
        "state": "running",
        "deliveries": 2,
        "claimed_by": "here",
        "lease_expires_at": now + timedelta(seconds=15),
        "started_at": now - timedelta(seconds=10),
        "progress": 0.5,
    }
    return make_job(**(defaults | columns))


def make_line(delivery: int) -> str:
    return json.dumps({"delivery": delivery}) + "\n"


def test_a_queued_job_is_cancelled_at_once() -> None:
    job = make_job()
    job.cancel()
    assert job.state == Job.State.CANCELLED
    assert job.finished_at is not None
    assert job.cancel_requested_at is None


def test_a_running_job_is_asked_to_stop_and_runs_on() -> None:
    job = make_running_job()
    job.cancel()
    assert (job.state, job.finished_at, job.claimed_by) == ("running", None, "here")
    assert job.cancel_requested_at is not None


def test_the_first_request_to_cancel_is_the_one_that_is_kept() -> None:
    job = make_running_job()
    job.cancel()
    first = job.cancel_requested_at
    job.cancel()
    assert job.cancel_requested_at == first


def test_a_job_that_was_claimed_since_it_was_read_is_asked_to_stop() -> None:
    job = make_job()
    Job.objects.update(state="running", deliveries=1)
    job.cancel()
    assert job.state == "running"
    assert job.cancel_requested_at is not None


@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled"])
def test_a_finished_job_cannot_be_cancelled(state: str) -> None:
    job = make_job(state=state)
    with pytest.raises(IllegalState, match=f"The job is {state}; this needs queued or running"):
        job.cancel()
    job.refresh_from_db()
    assert (job.state, job.cancel_requested_at) == (state, None)


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_retry_queues_the_job_as_if_new(state: str) -> None:
    now = timezone.now()
    ended = {"finished_at": now, "started_at": now, "cancel_requested_at": now, "progress": 0.5}
    job = make_job(state=state, attempts=3, deliveries=4, history=make_line(4), **ended, **ERROR)
    job.retry()
    assert (job.state, job.attempts, job.error_code, job.error_message) == ("queued", 0, "", "")
    assert (job.finished_at, job.started_at, job.progress) == (None, None, None)
    assert job.cancel_requested_at is None, "or it would be cancelled again"
    assert job.deliveries == 4, "the fence must never go back"
    assert job.delivery_limit == 4 + 3 + 10
    assert job.past_deliveries == [{"delivery": 4}]


def test_a_retried_job_has_the_place_of_its_priority() -> None:
    offsets = {}
    for priority in ("low", "normal", "high"):
        job = make_job(state="failed", priority=priority)
        job.retry()
        offsets[priority] = round((job.order_at - job.run_after).total_seconds())
    assert offsets == {"low": 600, "normal": 0, "high": -60}


def test_retrying_again_and_again_does_not_make_the_history_grow_for_ever() -> None:
    lines = [make_line(number) for number in range(1, HISTORY_MOST_LINES + 4)]
    job = make_job(state="failed", history="".join(lines))
    job.retry()
    assert [past["delivery"] for past in job.past_deliveries] == list(
        range(4, HISTORY_MOST_LINES + 4)
    )


@pytest.mark.parametrize("state", ["queued", "running", "succeeded"])
def test_a_job_that_did_not_fail_cannot_be_retried(state: str) -> None:
    with pytest.raises(IllegalState, match=f"The job is {state}; this needs failed or cancelled"):
        make_job(state=state).retry()


@pytest.mark.parametrize(("charged", "attempts"), [(True, 2), (False, 1)])
def test_an_end_writes_its_line_and_counts_an_attempt_that_is_charged(
    charged: bool, attempts: int
) -> None:
    job = make_running_job(attempts=1, history=make_line(1))
    assert job.end(2, "failed", charged=charged, line=make_line(2), **ERROR)
    job.refresh_from_db()
    assert (job.state, job.attempts, job.error_message) == ("failed", attempts, "no")
    assert job.finished_at is not None
    assert (job.claimed_by, job.lease_expires_at) == ("", None)
    assert job.past_deliveries == [{"delivery": 1}, {"delivery": 2}]


def test_a_job_that_is_given_back_without_delay_has_its_old_place() -> None:
    job = make_running_job()
    before = job.run_after, job.order_at
    assert job.give_back(2, charged=False, line="")
    job.refresh_from_db()
    assert (job.state, job.attempts, job.progress) == ("queued", 0, None)
    assert (job.claimed_by, job.lease_expires_at) == ("", None)
    assert (job.run_after, job.order_at) == before


def test_a_job_that_is_given_back_with_delay_waits_among_those_of_its_priority() -> None:
    job = make_running_job(priority="low")
    assert job.give_back(2, delay_seconds=60, charged=True, line="", **ERROR)
    job.refresh_from_db()
    wait = (job.run_after - timezone.now()).total_seconds()
    assert 50 < wait <= 60
    assert round((job.order_at - job.run_after).total_seconds()) == 600
    assert (job.state, job.attempts, job.error_message) == ("queued", 1, "no")


@pytest.mark.parametrize("changed", [{"deliveries": 3}, {"state": "queued"}, {"state": "failed"}])
def test_a_delivery_that_is_not_the_running_one_settles_nothing(changed: dict[str, Any]) -> None:
    job = make_running_job()
    Job.objects.update(**changed)
    job.refresh_from_db()
    before = vars(job).copy()
    assert not job.end(2, "failed", charged=True, line="late\n", **ERROR)
    assert not job.give_back(2, charged=True, line="late\n", **ERROR)
    assert not job.give_back(2, delay_seconds=5, charged=True, line="late\n")
    job.refresh_from_db()
    assert vars(job) | {"_state": None} == before | {"_state": None}


def test_a_job_that_nobody_took_has_no_past() -> None:
    assert make_job().past_deliveries == []


@pytest.mark.parametrize("seconds", [-60, 60])
def test_a_result_expires_at_its_time(seconds: int) -> None:
    job = make_job(result_expires_at=timezone.now() + timedelta(seconds=seconds))
    assert job.result_expired == (seconds < 0)


def test_an_idempotency_key_is_unique_per_caller() -> None:
    make_job(caller="a", idempotency_key="k")
    make_job(caller="b", idempotency_key="k")
    make_job(caller="a", idempotency_key=None)
    make_job(caller="a", idempotency_key=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_job(caller="a", idempotency_key="k")
