"""What may be asked for one job, and what is refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_q.tasks import Chain, Iter, async_task

from processing.models import Job
from processing.models.states import SPARE_DELIVERIES
from processing.queue.options import LONGEST_DELAY_SECONDS, job_options


@pytest.mark.django_db
def test_options_are_keywords_of_async_task_beside_its_own() -> None:
    options = job_options(priority="high", delay_seconds=60, max_attempts=7)
    task_id = async_task("math.floor", 1.5, task_name="named", timeout=2.5, **options)
    job = Job.objects.get(pk=task_id)
    assert (job.name, job.timeout_seconds, job.priority) == ("named", 2.5, "high")
    assert job.run_after - job.created_at == timedelta(seconds=60)
    assert (job.max_attempts, job.delivery_limit) == (7, 7 + SPARE_DELIVERIES)


@pytest.mark.django_db
def test_options_may_be_given_as_q_options() -> None:
    async_task("math.floor", 1.5, q_options=job_options(priority="low"))
    assert Job.objects.get().priority == "low"


@pytest.mark.django_db
def test_options_do_not_change_the_queue_that_a_task_names() -> None:
    async_task("math.floor", 1.5, cluster="other", **job_options(priority="low"))
    assert Job.objects.get().queue == "other"


@pytest.mark.django_db
def test_options_hold_for_no_other_task() -> None:
    async_task("math.floor", 1.5, **job_options(priority="low", max_attempts=1))
    async_task("math.floor", 2.5)
    assert Job.objects.filter(priority="normal", max_attempts=3).count() == 1


@pytest.mark.django_db
def test_chains_and_iters_take_their_broker_from_the_options() -> None:
    Iter("math.floor", [1.5, 2.5], **job_options(priority="low")).run()
    assert Job.objects.filter(priority="low").count() == 2
    Chain([("math.floor", (1.5,)), ("math.ceil", (1.5,))], **job_options(priority="high")).run()
    assert Job.objects.get(priority="high").function == "math.floor"


@pytest.mark.django_db
def test_an_attempt_that_is_asked_for_goes_before_the_acknowledging_of_failures() -> None:
    async_task("math.floor", 1.5, ack_failure=True, **job_options(max_attempts=4))
    assert Job.objects.get().max_attempts == 4


@pytest.mark.django_db
def test_a_moment_that_has_passed_is_now() -> None:
    async_task("math.floor", 1.5, **job_options(run_after=timezone.now() - timedelta(days=1)))
    job = Job.objects.get()
    assert job.run_after == job.created_at


@pytest.mark.django_db
def test_a_moment_to_come_is_kept() -> None:
    moment = timezone.now() + timedelta(days=1)
    async_task("math.floor", 1.5, **job_options(run_after=moment))
    assert Job.objects.get().run_after == moment


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"priority": "urgent"}, "priority is 'urgent'; use low, normal, high"),
        ({"priority": 1}, "priority is 1"),
        ({"delay_seconds": -1}, "delay_seconds is -1; use a number of seconds from 0"),
        ({"delay_seconds": float("nan")}, "delay_seconds is nan"),
        ({"delay_seconds": True}, "delay_seconds is True"),
        ({"delay_seconds": "60"}, "delay_seconds is '60'"),
        ({"delay_seconds": timedelta(seconds=60)}, "delay_seconds is datetime"),
        ({"delay_seconds": LONGEST_DELAY_SECONDS + 1}, "use a number of seconds"),
        ({"run_after": datetime(2030, 1, 1)}, "use a datetime with a time zone"),
        ({"run_after": "2030-01-01"}, "use a datetime with a time zone"),
        ({"run_after": timezone.now() + timedelta(days=4000)}, "next ten years"),
        ({"max_attempts": 0}, "max_attempts is 0; use a whole number from 1"),
        ({"max_attempts": 2.0}, "max_attempts is 2.0"),
        ({"max_attempts": True}, "max_attempts is True"),
        ({"max_attempts": 10**12}, "max_attempts is 1000000000000"),
        ({"delay_seconds": 1, "run_after": timezone.now()}, "use one of them"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_would_do(
    options: dict[str, Any], what: str
) -> None:
    with pytest.raises(ValueError, match=what):
        job_options(**options)
