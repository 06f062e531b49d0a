"""Failures that wait a moment, because a stop that nobody told of yet may have caused them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from processing.models.states import NO_ERROR
from processing.queue.cluster.suspects import SUSPECT_SECONDS, Suspects
from processing.queue.ending import CANCELLED, GIVEN_BACK, SUCCEEDED, Ending
from processing.queue.failures import make_error
from tests.queue.cluster.in_hand import make_claim

NOW = 100.0


def make_failure() -> Ending:
    return Ending(
        delivery=make_claim().delivery,
        outcome="task_error",
        error=make_error("task_error", "no"),
        task={"result": "1234"},
        jobs={"after": {"package": "12"}},
    )


@pytest.mark.parametrize("outcome", ["task_error", "worker_lost", "result_too_large"])
def test_a_failure_is_held_for_a_moment(outcome: str) -> None:
    suspects = Suspects()
    failure = replace(make_failure(), outcome=outcome)
    assert suspects.hold(failure, NOW)
    assert (len(suspects), suspects.deliveries, suspects.size_bytes) == (1, [failure.delivery], 6)
    assert suspects.next_at() == NOW + SUSPECT_SECONDS
    assert suspects.release(NOW + SUSPECT_SECONDS / 2) == []
    assert suspects.release(NOW + SUSPECT_SECONDS) == [failure]
    assert (len(suspects), suspects.deliveries, suspects.size_bytes) == (0, [], 0)
    assert suspects.next_at() == float("inf")


@pytest.mark.parametrize("outcome", [SUCCEEDED, CANCELLED, "timeout"])
def test_what_no_stop_causes_is_not_held(outcome: str) -> None:
    suspects = Suspects()
    assert not suspects.hold(replace(make_failure(), outcome=outcome), NOW)
    assert len(suspects) == 0


def test_what_does_not_count_is_not_held() -> None:
    suspects = Suspects()
    assert not suspects.hold(make_failure().as_given_back(), NOW)
    assert not suspects.hold(Ending.of_lost(make_claim().delivery, NO_ERROR), NOW)


def test_a_stop_gives_all_of_them_back_without_traces() -> None:
    suspects = Suspects()
    failures = [make_failure() for _ in range(3)]
    for failure in failures:
        suspects.hold(failure, NOW)
    pardoned = suspects.pardon()
    assert [ending.delivery for ending in pardoned] == [failure.delivery for failure in failures]
    for ending in pardoned:
        assert (ending.outcome, ending.charged, ending.is_final) == (GIVEN_BACK, False, False)
        assert (ending.task, ending.jobs, ending.result) == (None, {}, {})
    assert len(suspects) == 0
