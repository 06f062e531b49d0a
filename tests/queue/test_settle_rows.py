"""Writing down how deliveries ended: django-q2's rows, and the jobs that are queued behind."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import Task

from processing.models import Job
from processing.queue.aftermath import FINISH_LOST_TASK, FINISH_TASK
from processing.queue.ending import CANCELLED, GIVEN_BACK
from processing.queue.settle import settle_endings
from tests.queue.endings import make_bad_ending, make_good_ending, make_row, make_running_job
from tests.queue.enqueued import make_columns

pytestmark = pytest.mark.django_db

ARGUMENTS = {"args": (1, {"a": [2]}), "kwargs": {"b": None}}


def deliver_again(job: Job) -> Job:
    """Claim the job once more."""
    Job.objects.filter(pk=job.pk).update(
        state="running", deliveries=job.deliveries + 1, claimed_by="here"
    )
    job.refresh_from_db()
    return job


def find_followers(job: Job) -> list[str]:
    """The functions of the jobs that were queued behind it."""
    others = Job.objects.exclude(pk=job.pk).order_by("name")
    return list(others.values_list("function", flat=True))


def make_followers() -> dict[str, Any]:
    return {
        "chain": make_columns(name="1", function="chain"),
        "after": make_columns(name="2", function="after"),
    }


def test_a_row_says_all_that_django_q2_says_of_a_task() -> None:
    job = make_running_job()
    now = timezone.now()
    row = make_row(
        job,
        **ARGUMENTS,
        result={"done": now},
        hook="any.hook",
        group="g",
        cluster="plimsoll",
        started=now - timedelta(seconds=1),
        stopped=now,
    )
    settle_endings([make_good_ending(job, task=row)])
    task = Task.objects.get(pk=job.pk.hex)
    assert (task.name, task.func, task.hook) == (job.name, "any.function", "any.hook")
    assert (task.args, task.kwargs, task.result) == (*ARGUMENTS.values(), {"done": now})
    assert (task.group, task.cluster) == ("g", "plimsoll")
    assert (task.started, task.stopped) == (now - timedelta(seconds=1), now)
    assert (task.success, task.attempt_count) == (True, 1)


def test_a_row_that_is_read_and_saved_through_the_orm_stays_as_it_was() -> None:
    job = make_running_job()
    settle_endings([make_good_ending(job, task=make_row(job, **ARGUMENTS))])
    before = Task.objects.values().get()
    Task.objects.get().save()
    assert Task.objects.values().get() == before
    assert list(Task.objects.filter(started__lte=timezone.now())) == [Task.objects.get()]


def test_a_task_without_a_row_leaves_none() -> None:
    settle_endings([make_good_ending(make_running_job())])
    assert not Task.objects.exists()


def test_each_attempt_is_counted_until_one_succeeds() -> None:
    job = make_running_job()
    first_stop = timezone.now() - timedelta(minutes=1)
    failed = make_row(job, success=False, result="no", stopped=first_stop)
    settle_endings([make_bad_ending(job, task=failed)])
    task = Task.objects.get()
    assert (task.success, task.result, task.attempt_count) == (False, "no", 1)
    deliver_again(job)
    settle_endings([make_good_ending(job, task=make_row(job, result="yes"))])
    task = Task.objects.get()
    assert (task.success, task.result, task.attempt_count) == (True, "yes", 2)
    assert task.stopped > first_stop


def test_a_success_is_never_written_over() -> None:
    job = make_running_job()
    settle_endings([make_good_ending(job, task=make_row(job, result="yes"))])
    deliver_again(job)
    settle_endings([make_bad_ending(job, task=make_row(job, success=False, result="no"))])
    task = Task.objects.get()
    assert (task.success, task.result, task.attempt_count) == (True, "yes", 1)


def test_behind_success_come_the_next_of_the_chain_and_what_is_to_be_done_after() -> None:
    job = make_running_job()
    settle_endings([make_good_ending(job, jobs=make_followers())])
    assert find_followers(job) == ["chain", "after"]


def test_behind_an_attempt_that_will_be_repeated_comes_nothing() -> None:
    job = make_running_job()
    settle_endings([make_bad_ending(job, jobs=make_followers())])
    assert find_followers(job) == []


@pytest.mark.parametrize(
    ("columns", "given"),
    [
        ({"attempts": 2}, {}),
        ({}, {"is_final": True}),
        ({}, {"outcome": CANCELLED}),
        ({"cancel_requested_at": timezone.now()}, {}),
    ],
)
def test_behind_a_bad_end_comes_what_is_to_be_done_after_and_no_next_of_the_chain(
    columns: dict[str, Any], given: dict[str, Any]
) -> None:
    job = make_running_job(**columns)
    settle_endings([make_bad_ending(job, jobs=make_followers(), **given)])
    assert find_followers(job) == ["after"]


def test_behind_a_task_that_could_not_tell_its_end_its_loss_is_told() -> None:
    job = make_running_job(max_attempts=1)
    settle_endings([make_bad_ending(job, outcome="worker_lost")])
    assert find_followers(job) == [FINISH_LOST_TASK]
    follower = Job.objects.exclude(pk=job.pk).get()
    assert (follower.state, follower.priority, follower.max_attempts) == ("queued", "high", 1)


def test_behind_a_loss_that_is_not_the_end_comes_nothing() -> None:
    job = make_running_job()
    settle_endings([make_bad_ending(job, outcome="worker_lost")])
    assert find_followers(job) == []


def test_behind_what_was_given_back_comes_nothing() -> None:
    job = make_running_job(attempts=2)
    settle_endings([make_bad_ending(job, outcome=GIVEN_BACK, charged=False)])
    assert find_followers(job) == []


def test_a_bad_end_that_is_in_django_q2s_table_is_told_there() -> None:
    job = make_running_job(max_attempts=1)
    settle_endings([make_bad_ending(job, task=make_row(job, success=False))])
    assert find_followers(job) == []


@pytest.mark.parametrize("function", [FINISH_TASK, FINISH_LOST_TASK])
def test_behind_the_loss_of_what_comes_after_a_task_comes_nothing(function: str) -> None:
    job = make_running_job(function=function, max_attempts=1)
    settle_endings([make_bad_ending(job, outcome="worker_lost")])
    assert find_followers(job) == []


def test_a_follower_that_cannot_be_queued_takes_only_its_own_job_along() -> None:
    jobs = [make_running_job() for _ in range(2)]
    taken = make_columns()
    taken["id"] = jobs[0].pk.hex
    endings = [make_good_ending(jobs[0]), make_good_ending(jobs[1], jobs={"chain": taken})]
    settle_endings(endings)
    assert [Job.objects.get(pk=job.pk).state for job in jobs] == ["succeeded", "failed"]
