"""Endings that are to be settled."""

from __future__ import annotations

from dataclasses import replace

import pytest

from processing.queue.cluster import unsettled as unsettled_module
from processing.queue.cluster.suspects import SUSPECT_SECONDS
from processing.queue.cluster.unsettled import (
    ENDINGS_MOST_BYTES,
    SETTLE_WITHIN_SECONDS,
    Unsettled,
)
from processing.queue.ending import GIVEN_BACK, Ending
from tests.queue.cluster.desk_stand import make_ending
from tests.queue.cluster.in_hand import Clock


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(unsettled_module, "time", clock)
    return clock


def make_failure() -> Ending:
    return replace(make_ending(), outcome="task_error")


def test_at_first_there_is_nothing(clock: Clock) -> None:
    unsettled = Unsettled()
    assert (len(unsettled), unsettled.is_full, unsettled.deliveries) == (0, False, [])
    assert unsettled.due_at == unsettled.next_at() == float("inf")


def test_the_first_ending_says_when_all_are_due(clock: Clock) -> None:
    unsettled, endings = Unsettled(), [make_ending(), make_ending()]
    for ending in endings:
        unsettled.add(ending)
        clock.now += SETTLE_WITHIN_SECONDS / 2
    assert unsettled.endings == endings
    assert unsettled.due_at == unsettled.next_at() == pytest.approx(clock.now)
    unsettled.clear()
    assert (len(unsettled), unsettled.next_at()) == (0, float("inf"))


def test_a_failure_is_ours_and_due_only_when_its_moment_is_over(clock: Clock) -> None:
    unsettled, failure = Unsettled(), make_failure()
    unsettled.add(failure)
    assert (unsettled.endings, len(unsettled)) == ([], 1)
    assert unsettled.deliveries == [failure.delivery]
    assert unsettled.next_at() == clock.now + SUSPECT_SECONDS
    clock.now += SUSPECT_SECONDS
    unsettled.release(clock.now)
    assert unsettled.endings == [failure]
    assert unsettled.due_at == clock.now + SETTLE_WITHIN_SECONDS


def test_when_a_stop_begins_what_failed_just_now_is_given_back(clock: Clock) -> None:
    unsettled = Unsettled()
    unsettled.add(make_failure())
    unsettled.pardon()
    assert [ending.outcome for ending in unsettled.endings] == [GIVEN_BACK]


def test_what_takes_much_memory_fills_it(clock: Clock) -> None:
    unsettled = Unsettled()
    bulky = "x" * (ENDINGS_MOST_BYTES // 2)
    unsettled.add(replace(make_ending(), task={"result": bulky}))
    assert not unsettled.is_full
    unsettled.add(replace(make_failure(), task={"result": bulky}))
    assert unsettled.is_full, "what is held back counts too"
