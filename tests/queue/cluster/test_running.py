"""A task in a seat's hands."""

from __future__ import annotations

from uuid import uuid4

from tests.queue.cluster.in_hand import BEGAN_AT, run_task


def test_a_report_is_of_the_task_and_the_delivery_that_it_names() -> None:
    with run_task() as (running, _):
        job = running.claim.delivery.job_id.hex
        assert running.is_of({"job": job, "delivery": 1})
        assert not running.is_of({"job": job, "delivery": 2})
        assert not running.is_of({"job": uuid4().hex, "delivery": 1})


def test_the_time_of_a_task_is_counted_from_its_beginning() -> None:
    with run_task(timeout_seconds=2.5) as (running, _):
        assert running.deadline == BEGAN_AT + 2.5


def test_a_task_without_a_timeout_may_take_for_ever() -> None:
    with run_task() as (running, _):
        assert running.deadline is None
