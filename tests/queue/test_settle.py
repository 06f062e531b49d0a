"""What the outcome of a task makes of its job."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from processing.models import Job
from processing.queue import settle
from processing.queue.settle import retry_delay_seconds, settle_task
from tests.factories import make_job
from tests.queue.failure import failure_of


def settle_with(job: Job, success: bool, result: Any) -> Job:
    delivery = f"{job.id.hex}:{job.deliveries}"
    settle_task({"delivery": delivery, "success": success, "result": result})
    job.refresh_from_db()
    return job


def running_job(**columns: Any) -> Job:
    return make_job(state="running", deliveries=1, started_at=timezone.now(), **columns)


@pytest.mark.django_db
def test_a_task_that_returned_has_succeeded() -> None:
    job = settle_with(running_job(), True, {"a": 1})
    assert job.state == "succeeded"
    assert job.result is None, "a processor's result is kept by the worker that made it"


@pytest.mark.django_db
def test_the_small_json_result_of_a_plain_function_is_shown() -> None:
    job = settle_with(running_job(processor=""), True, {"a": [1, None]})
    assert job.result == '{"a": [1, null]}'


@pytest.mark.django_db
@pytest.mark.parametrize("result", [object(), float("nan"), "x" * 70_000])
def test_any_other_result_of_a_plain_function_is_left_to_django_q2(result: object) -> None:
    job = settle_with(running_job(processor=""), True, result)
    assert (job.state, job.result) == ("succeeded", None)


@pytest.mark.django_db
def test_a_failed_attempt_is_queued_again_with_its_error() -> None:
    job = settle_with(running_job(), False, failure_of(ValueError("too odd")))
    assert (job.state, job.attempts) == ("queued", 1)
    assert (job.error_code, job.error_message) == ("task_error", "too odd")
    assert job.error_traceback.startswith("Traceback (most recent call last):")
    assert job.error_traceback.rstrip().endswith("ValueError: too odd")
    assert job.run_after > timezone.now()


@pytest.mark.django_db
def test_the_last_attempt_fails_the_job() -> None:
    job = settle_with(running_job(attempts=2), False, failure_of(ValueError("no")))
    assert (job.state, job.attempts) == ("failed", 3)
    assert job.finished_at is not None


@pytest.mark.django_db
def test_an_outcome_that_comes_too_late_changes_nothing() -> None:
    job = running_job()
    Job.objects.update(deliveries=2)
    settle_task({"delivery": f"{job.id.hex}:1", "success": True, "result": None})
    assert Job.objects.get().state == "running"


@pytest.mark.django_db
def test_a_locked_database_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    job = running_job()
    real, tries = settle._settle, []

    def fail_twice(*arguments: Any) -> bool:
        tries.append(arguments)
        if len(tries) < 3:
            raise OperationalError("database is locked")
        return real(*arguments)

    monkeypatch.setattr(settle, "_settle", fail_twice)
    monkeypatch.setattr(settle.connection, "close", lambda: None)
    monkeypatch.setattr(settle.time, "sleep", lambda seconds: None)
    assert settle_with(job, True, None).state == "succeeded"
    assert len(tries) == 3


@pytest.mark.django_db
def test_a_database_that_stays_away_ends_the_seat(monkeypatch: pytest.MonkeyPatch) -> None:
    job = running_job()

    def fail(*arguments: Any) -> bool:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(settle, "_settle", fail)
    monkeypatch.setattr(settle.connection, "close", lambda: None)
    monkeypatch.setattr(settle.time, "sleep", lambda seconds: None)
    with pytest.raises(OperationalError):
        settle_with(job, True, None)


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["nul \0", "surrogate \udc80"])
def test_an_error_that_no_database_stores_is_kept_all_the_same(text: str) -> None:
    job = settle_with(running_job(), False, failure_of(ValueError(text)))
    assert job.error_message.startswith(text.split()[0])
    assert job.error_traceback.startswith("Traceback")


@pytest.mark.django_db
def test_the_outcome_of_a_job_that_was_removed_is_no_error() -> None:
    job = running_job()
    Job.objects.all().delete()
    settle_task({"delivery": f"{job.id.hex}:1", "success": True, "result": None})


def test_the_wait_grows_with_the_attempts_and_is_bounded() -> None:
    for attempt, longest in [(1, 2), (2, 4), (3, 8), (50, 600)]:
        delays = [retry_delay_seconds(attempt) for _ in range(50)]
        assert longest / 2 <= min(delays) <= max(delays) <= longest
