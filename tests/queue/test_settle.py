"""Writing down how deliveries ended: the jobs, many at once."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from django_q.models import Task

from processing.models import Job
from processing.queue import settle
from processing.queue.claims import Delivery
from processing.queue.ending import GIVEN_BACK
from processing.queue.failures import make_error
from processing.queue.settle import settle_endings
from tests.queue.endings import (
    make_bad_ending,
    make_good_ending,
    make_row,
    make_running_job,
    read_delivery,
)
from tests.queue.enqueued import make_columns

pytestmark = pytest.mark.django_db

BATCH_COUNT = 100
#: The savepoint, the jobs, the rows of their tasks, and the savepoint's end.
BATCH_STATEMENTS = 4
#: Text that no database stores and that a task's group may be all the same.
UNSTORABLE = "\udc80"


def test_a_hundred_good_endings_take_as_many_statements_as_one(
    django_assert_num_queries: Any,
) -> None:
    jobs = [make_running_job() for _ in range(BATCH_COUNT)]
    endings = [make_good_ending(job, task=make_row(job)) for job in jobs]
    with django_assert_num_queries(BATCH_STATEMENTS):
        held = settle_endings(endings)
    assert held == {read_delivery(job) for job in jobs}
    assert Job.objects.filter(state="succeeded", attempts=1).count() == BATCH_COUNT
    assert Task.objects.filter(success=True, attempt_count=1).count() == BATCH_COUNT


@pytest.mark.parametrize("make_ending", [make_good_ending, make_bad_ending])
def test_the_peak_of_the_last_attempt_that_tells_is_kept(make_ending: Any) -> None:
    jobs = [make_running_job(peak_memory_bytes=1) for _ in range(2)]
    tells, does_not = jobs
    settle_endings([make_ending(tells, peak_memory_bytes=5 << 30), make_ending(does_not)])
    for job in jobs:
        job.refresh_from_db()
    assert [job.peak_memory_bytes for job in jobs] == [5 << 30, 1]


def test_success_ends_the_job_and_leaves_no_trace_of_earlier_failures() -> None:
    job = make_running_job(attempts=1, **make_error("task_error", "no", "Traceback"))
    settle_endings([make_good_ending(job)])
    job.refresh_from_db()
    assert (job.state, job.attempts, job.progress) == ("succeeded", 2, 1.0)
    assert (job.error_code, job.error_message, job.error_traceback) == ("", "", "")
    assert (job.claimed_by, job.lease_expires_at) == ("", None)
    [past] = job.past_deliveries
    assert (past["delivery"], past["outcome"], past["charged"]) == (1, "succeeded", True)


def test_the_times_of_a_job_are_those_of_its_task() -> None:
    job = make_running_job(started_at=timezone.now() - timedelta(minutes=1))
    settle_endings([make_good_ending(job)])
    job.refresh_from_db()
    assert abs((job.finished_at - timezone.now()).total_seconds()) < 10
    assert 1.9 < (job.finished_at - job.started_at).total_seconds() < 5


def test_success_wins_over_a_request_to_cancel() -> None:
    job = make_running_job(cancel_requested_at=timezone.now())
    settle_endings([make_good_ending(job)])
    job.refresh_from_db()
    assert job.state == "succeeded"


def test_a_result_is_kept_for_its_time(settings: Any) -> None:
    settings.RESULT_EXPIRES_SECONDS = 60
    result = {
        "result": '{"a": "\\u0000 \\ud800 \u00e4"}',
        "result_name": "results/aa/1",
        "result_bytes": 2**40,
        "result_sha256": "0" * 64,
        "result_media_type": "text/plain",
    }
    job = make_running_job()
    settle_endings([make_good_ending(job, result=result)])
    stored = Job.objects.values().get()
    assert {name: stored[name] for name in result} == result
    assert json.loads(stored["result"]) == {"a": "\0 \ud800 \u00e4"}
    assert 50 < (stored["result_expires_at"] - timezone.now()).total_seconds() <= 60


def test_what_an_earlier_attempt_had_as_its_result_is_gone() -> None:
    job = make_running_job(result="1", result_name="results/aa/1", result_bytes=1)
    settle_endings([make_good_ending(job)])
    job.refresh_from_db()
    assert (job.result, job.result_name, job.result_bytes) == (None, "", None)


@pytest.mark.parametrize("text", ["nul \0", "surrogate \udc80"])
def test_an_error_that_no_database_stores_is_kept_all_the_same(text: str) -> None:
    job = make_running_job()
    settle_endings([make_bad_ending(job, error=make_error("task_error", text, text))])
    job.refresh_from_db()
    assert job.error_message.startswith(text.split()[0])
    assert job.error_traceback.startswith(text.split()[0])


@pytest.mark.parametrize("changed", [{"deliveries": 2}, {"state": "queued"}, {"state": "failed"}])
@pytest.mark.parametrize("make_ending", [make_good_ending, make_bad_ending])
def test_a_delivery_that_runs_no_more_leaves_nothing_behind(
    make_ending: Any, changed: dict[str, Any]
) -> None:
    job = make_running_job()
    jobs = {"chain": make_columns(), "after": make_columns()}
    ending = make_ending(job, task=make_row(job), jobs=jobs, is_final=True)
    Job.objects.update(**changed)
    before = Job.objects.values().get()
    assert settle_endings([ending]) == set()
    assert Job.objects.values().get() == before
    assert not Task.objects.exists()


def test_of_two_deliveries_of_one_job_the_one_that_runs_is_settled() -> None:
    job = make_running_job()
    late = make_good_ending(job, task=make_row(job), jobs={"chain": make_columns()})
    Job.objects.update(deliveries=2)
    job.refresh_from_db()
    assert settle_endings([late, make_good_ending(job)]) == {Delivery(job_id=job.pk, number=2)}
    assert not Task.objects.exists()
    assert Job.objects.count() == 1


def test_settling_again_what_was_settled_changes_nothing() -> None:
    jobs = [make_running_job() for _ in range(3)]
    followers = {"chain": make_columns()}
    endings = [
        make_good_ending(jobs[0], task=make_row(jobs[0]), jobs=followers),
        make_bad_ending(jobs[1], task=make_row(jobs[1], success=False)),
        make_bad_ending(jobs[2], outcome=GIVEN_BACK, charged=False),
    ]
    assert len(settle_endings(endings)) == 3
    before = [list(model.objects.order_by("id").values()) for model in (Job, Task)]
    assert settle_endings(endings) == set()
    assert [list(model.objects.order_by("id").values()) for model in (Job, Task)] == before


def test_the_ending_of_a_job_that_was_removed_is_no_error() -> None:
    endings = [make_good_ending(make_running_job()), make_bad_ending(make_running_job())]
    Job.objects.all().delete()
    assert settle_endings(endings) == set()


def test_one_ending_that_cannot_be_stored_fails_its_own_job_alone() -> None:
    jobs = [make_running_job() for _ in range(3)]
    groups = ["first", UNSTORABLE, "last"]
    endings = [
        make_good_ending(job, task=make_row(job, group=group))
        for job, group in zip(jobs, groups, strict=True)
    ]
    assert settle_endings(endings) == {read_delivery(job) for job in jobs}
    for job in jobs:
        job.refresh_from_db()
    assert [job.state for job in jobs] == ["succeeded", "failed", "succeeded"]
    assert jobs[1].error_code == "task_error"
    assert jobs[1].error_message.startswith("How the task ended cannot be stored: ")
    assert set(Task.objects.values_list("group", flat=True)) == {"first", "last"}


def test_what_the_database_refuses_fails_its_own_job_alone() -> None:
    jobs = [make_running_job() for _ in range(2)]
    rows = [make_row(jobs[0]), make_row(jobs[1]) | {"name": None}]
    endings = [make_good_ending(job, task=row) for job, row in zip(jobs, rows, strict=True)]
    settle_endings(endings)
    assert [Job.objects.get(pk=job.pk).state for job in jobs] == ["succeeded", "failed"]
    assert Task.objects.get().pk == jobs[0].pk.hex


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="tests/postgresql_runs runs it on PostgreSQL"
)
def test_a_name_that_is_too_long_for_its_column_fails_its_own_job_alone() -> None:
    jobs = [make_running_job() for _ in range(2)]
    rows = [make_row(jobs[0]), make_row(jobs[1], group="g" * 101)]
    endings = [make_good_ending(job, task=row) for job, row in zip(jobs, rows, strict=True)]
    settle_endings(endings)
    assert [Job.objects.get(pk=job.pk).state for job in jobs] == ["succeeded", "failed"]


def test_a_database_that_is_away_fails_no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def fail(endings: Any) -> Any:
        tries.append(endings)
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(settle, "write_endings", fail)
    job = make_running_job()
    with pytest.raises(OperationalError):
        settle_endings([make_good_ending(job), make_bad_ending(make_running_job())])
    assert len(tries) == 1, "it was not tried one by one"
    assert connection.needs_rollback is False
    job.refresh_from_db()
    assert job.state == "running"
