"""A job's transitions: which are legal, and what each leaves on the row."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from processing.errors import IllegalState
from processing.models import Job
from tests.factories import make_job

pytestmark = pytest.mark.django_db

ERROR = {"error_code": "task_error", "error_message": "no", "error_traceback": "Traceback"}


def test_a_queued_job_can_be_cancelled() -> None:
    job = make_job()
    job.cancel()
    assert job.state == Job.State.CANCELLED
    assert job.finished_at is not None


@pytest.mark.parametrize("state", ["running", "succeeded", "failed", "cancelled"])
def test_a_job_that_is_not_queued_cannot_be_cancelled(state: str) -> None:
    job = make_job(state=state)
    with pytest.raises(IllegalState, match=f"The job is {state}; this needs queued"):
        job.cancel()
    assert Job.objects.get(pk=job.pk).state == state


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_retry_queues_the_job_as_if_new(state: str) -> None:
    job = make_job(state=state, attempts=3, deliveries=4, finished_at=timezone.now(), **ERROR)
    job.retry()
    assert (job.state, job.attempts, job.error_code, job.finished_at) == ("queued", 0, "", None)
    assert job.deliveries == 4, "the fence must never go back"
    assert job.delivery_limit == 4 + 3 + 10


@pytest.mark.parametrize("state", ["queued", "running", "succeeded"])
def test_a_job_that_did_not_fail_cannot_be_retried(state: str) -> None:
    with pytest.raises(IllegalState):
        make_job(state=state).retry()


def test_success_ends_the_delivery_that_runs() -> None:
    job = make_job(state="running", deliveries=2, **ERROR)
    assert job.succeed(delivery=2, keep_seconds=60)
    job.refresh_from_db()
    assert (job.state, job.attempts, job.progress, job.error_code) == ("succeeded", 1, 1.0, "")
    assert job.result_expires_at is not None
    assert not job.result_expired


def test_a_late_delivery_settles_nothing() -> None:
    job = make_job(state="running", deliveries=2)
    assert not job.succeed(delivery=1, keep_seconds=60)
    assert not job.fail(delivery=1, error=ERROR)
    assert not job.give_back(delivery=1, delay_seconds=0, error=ERROR)
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("running", 0)


def test_a_job_that_was_given_back_waits_for_its_delay() -> None:
    job = make_job(state="running", deliveries=1)
    assert job.give_back(delivery=1, delay_seconds=60, error=ERROR)
    job.refresh_from_db()
    assert (job.state, job.attempts, job.error_message) == ("queued", 1, "no")
    assert job.run_after > timezone.now() + timedelta(seconds=50)


def test_an_idempotency_key_is_unique_per_caller() -> None:
    make_job(caller="a", idempotency_key="k")
    make_job(caller="b", idempotency_key="k")
    make_job(caller="a", idempotency_key=None)
    make_job(caller="a", idempotency_key=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_job(caller="a", idempotency_key="k")


def test_a_page_starts_behind_the_last_job_of_the_page_before() -> None:
    now = timezone.now()
    same = [make_job(created_at=now) for _ in range(3)]
    older = make_job(created_at=now - timedelta(seconds=1))
    everything = list(Job.objects.newest_first())
    assert everything[-1] == older
    assert set(everything[:3]) == set(same)
    first = everything[0]
    assert list(Job.objects.newest_first((first.created_at, first.id))) == everything[1:]
