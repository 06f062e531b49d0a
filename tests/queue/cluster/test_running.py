"""A task in a seat's hands."""

from __future__ import annotations

from uuid import uuid4

from tests.queue.cluster.in_hand import BEGAN_AT, TURN, make_running, make_waiting


def test_a_report_is_of_the_task_and_the_delivery_that_it_names() -> None:
    running = make_running()
    job = running.claim.delivery.job_id.hex
    assert running.is_of({"job": job, "delivery": 1})
    assert not running.is_of({"job": job, "delivery": 2})
    assert not running.is_of({"job": uuid4().hex, "delivery": 1})


def test_a_task_is_under_way_from_its_beginning_until_its_end_was_told() -> None:
    running = make_waiting()
    assert (running.is_under_way, running.has_ended) == (False, False)
    running.slot.begin(TURN, BEGAN_AT, 0)
    assert (running.is_under_way, running.has_ended) == (True, False)
    running.slot.tell()
    assert (running.is_under_way, running.has_ended) == (False, True)


def test_the_task_before_it_does_not_count_as_itself() -> None:
    running = make_waiting()
    running.slot.begin(TURN - 1, BEGAN_AT, 0)
    assert (running.is_under_way, running.has_ended) == (False, False)
    running.slot.tell()
    assert (running.is_under_way, running.has_ended) == (False, False)


def test_the_task_behind_it_does_not_count_as_itself() -> None:
    running = make_running()
    running.slot.tell()
    running.slot.begin(TURN + 1, BEGAN_AT, 0)
    assert (running.is_under_way, running.has_ended) == (False, True)
