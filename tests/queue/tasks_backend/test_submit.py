"""The job that a task becomes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_q.conf import Conf
from django_tasks.exceptions import InvalidTaskError

from processing.models import Job
from processing.queue.claims import claim_jobs
from processing.queue.tasks_backend.submit import choose_priority
from tests.queue.tasks_backend import sample_tasks
from tests.queue.tasks_backend.in_seat import run_claim, run_due_jobs
from tests.queue.tasks_backend.test_backend import configure

pytestmark = pytest.mark.django_db

MIB = 1024 * 1024


def enqueue(task: Any, *args: Any) -> Job:
    return Job.objects.get(pk=task.enqueue(*args).id)


def test_the_job_bears_the_name_of_the_task() -> None:
    job = enqueue(sample_tasks.add, 1)
    assert (job.name, job.function) == ("add", "tests.queue.tasks_backend.sample_tasks.add")
    assert (job.processor, job.caller, job.queue) == ("", "system", Conf.CLUSTER_NAME)


@pytest.mark.parametrize(
    ("number", "priority"),
    [(-100, "low"), (-1, "low"), (0, "normal"), (1, "high"), (100, "high")],
)
def test_a_priority_of_100_steps_becomes_one_of_three_and_is_kept(
    number: int, priority: str
) -> None:
    assert choose_priority(number) == priority
    result = sample_tasks.add.using(priority=number).enqueue(1)
    assert Job.objects.get(pk=result.id).priority == priority
    assert sample_tasks.add.get_result(result.id).task.priority == number


def test_tasks_run_in_the_order_of_their_priority() -> None:
    for number in (-2, 0, 2):
        sample_tasks.add.using(priority=number).enqueue(1)
    run_due_jobs()
    jobs = sorted(Job.objects.all(), key=lambda job: job.past_deliveries[0]["started_at"])
    assert [job.priority for job in jobs] == ["high", "normal", "low"]


def test_a_deferred_task_waits_for_its_time() -> None:
    due_at = timezone.now() + timedelta(hours=10)
    result = sample_tasks.add.using(run_after=due_at).enqueue(1)
    assert run_due_jobs() == 0
    assert Job.objects.get(pk=result.id).run_after == due_at
    assert sample_tasks.add.get_result(result.id).task.run_after == due_at
    past = timezone.now() - timedelta(minutes=1)
    Job.objects.update(run_after=past, order_at=past)
    assert run_due_jobs() == 1
    result.refresh()
    assert result.return_value == 1


def test_a_time_beyond_any_use_is_refused() -> None:
    with pytest.raises(InvalidTaskError, match="use a moment of the next ten years"):
        sample_tasks.add.using(run_after=datetime.max.replace(tzinfo=UTC)).enqueue(1)


def test_a_time_in_the_past_is_now() -> None:
    sample_tasks.add.using(run_after=timezone.now() - timedelta(hours=2)).enqueue(1)
    assert run_due_jobs() == 1


def test_limits_come_from_the_task_then_the_options_then_the_settings(settings: Any) -> None:
    configure(settings, [], timeout_seconds=9, memory_limit_mb=128, max_attempts=2)
    job = enqueue(sample_tasks.make_report)
    assert (job.timeout_seconds, job.memory_limit_bytes, job.max_attempts) == (0.5, 64 * MIB, 1)
    job = enqueue(sample_tasks.add, 1)
    assert (job.timeout_seconds, job.memory_limit_bytes, job.max_attempts) == (9, 128 * MIB, 2)
    configure(settings, [])
    job = enqueue(sample_tasks.add, 1)
    assert (job.timeout_seconds, job.memory_limit_bytes, job.max_attempts) == (
        settings.TASK_TIMEOUT_SECONDS,
        None,
        settings.TASK_MAX_ATTEMPTS,
    )


def test_a_queue_name_may_have_a_cluster_of_its_own(settings: Any) -> None:
    configure(settings, [], clusters={"reports": "night"})
    assert enqueue(sample_tasks.make_report).queue == "night"
    assert enqueue(sample_tasks.add.using(queue_name="mail"), 1).queue == Conf.CLUSTER_NAME
    result = sample_tasks.add.using(queue_name="reports", priority=1).enqueue(2)
    [claim] = claim_jobs("night", claimant="tests:0:0:0:0", count=1)
    run_claim(claim)
    result.refresh()
    assert (result.return_value, result.task.queue_name) == (2, "reports")
