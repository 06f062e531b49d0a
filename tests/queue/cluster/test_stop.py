"""How a cluster comes to its end, by the clock."""

from __future__ import annotations

import pytest

from processing.queue.cluster.stop import SETTLE_SECONDS, Stop

GRACE_SECONDS = 20.0
ASKED_AT = 1000.0
GRACE_ENDS_AT = ASKED_AT + GRACE_SECONDS


@pytest.fixture
def stop() -> Stop:
    stop = Stop(GRACE_SECONDS)
    stop.ask(ASKED_AT)
    return stop


def test_a_cluster_that_was_not_asked_to_stop_never_does() -> None:
    stop = Stop(GRACE_SECONDS)
    far_away = 1e9
    assert not stop.is_asked
    assert not stop.is_grace_over(far_away)
    assert not stop.is_overdue(far_away)
    assert stop.next_at(far_away) == float("inf")


def test_what_runs_has_its_grace_and_is_interrupted_then(stop: Stop) -> None:
    assert stop.is_asked
    assert not stop.is_grace_over(GRACE_ENDS_AT - 0.01)
    assert stop.is_grace_over(GRACE_ENDS_AT)


def test_behind_the_grace_there_is_time_to_settle_and_no_more(stop: Stop) -> None:
    assert not stop.is_overdue(GRACE_ENDS_AT + SETTLE_SECONDS - 0.01)
    assert stop.is_overdue(GRACE_ENDS_AT + SETTLE_SECONDS)


def test_asking_again_does_not_prolong_the_grace(stop: Stop) -> None:
    stop.ask(ASKED_AT + 10)
    assert stop.is_grace_over(GRACE_ENDS_AT)


def test_a_stop_at_once_ends_the_grace(stop: Stop) -> None:
    stop.ask(ASKED_AT + 5, at_once=True)
    assert stop.is_grace_over(ASKED_AT + 5)
    assert not stop.is_overdue(ASKED_AT + 5)
    assert stop.is_overdue(ASKED_AT + 5 + SETTLE_SECONDS)


def test_a_late_stop_at_once_does_not_begin_the_end_anew(stop: Stop) -> None:
    stop.ask(GRACE_ENDS_AT + 3, at_once=True)
    assert stop.is_overdue(GRACE_ENDS_AT + SETTLE_SECONDS)


def test_the_first_request_may_be_to_stop_at_once() -> None:
    stop = Stop(GRACE_SECONDS)
    stop.ask(ASKED_AT, at_once=True)
    assert stop.is_grace_over(ASKED_AT)


def test_the_next_time_is_that_of_the_next_step(stop: Stop) -> None:
    assert stop.next_at(ASKED_AT) == GRACE_ENDS_AT
    assert stop.next_at(GRACE_ENDS_AT) == GRACE_ENDS_AT + SETTLE_SECONDS
