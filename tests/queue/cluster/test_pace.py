"""How many jobs are claimed at once, and how many a seat may have in its hands."""

from __future__ import annotations

import pytest

from processing.queue.cluster.pace import (
    AHEAD_SECONDS,
    HAND_SECONDS,
    MOST_AHEAD,
    MOST_IN_HAND,
    MOST_JOBS,
    Pace,
)

SEATS = 4
LONG_SECONDS = 5 * AHEAD_SECONDS


def make_pace(*durations: float) -> Pace:
    pace = Pace(SEATS)
    for seconds in durations:
        pace.learn(seconds)
    return pace


def count_wanted(pace: Pace, *, idle: int, ready: int = 0, waiting: int = 0) -> int:
    return pace.count_wanted(idle_count=idle, ready_count=ready, waiting_count=waiting)


@pytest.mark.parametrize("idle_count", [1, 4])
def test_before_anything_is_known_each_idle_seat_gets_one(idle_count: int) -> None:
    assert count_wanted(make_pace(), idle=idle_count) == idle_count


def test_of_long_jobs_no_more_is_claimed_than_can_begin() -> None:
    assert count_wanted(make_pace(LONG_SECONDS), idle=2) == 2
    assert count_wanted(make_pace(LONG_SECONDS), idle=0) == 0


@pytest.mark.parametrize("idle", [0, 1])
def test_short_jobs_are_claimed_ahead_for_all_seats(idle: int) -> None:
    assert count_wanted(make_pace(AHEAD_SECONDS / 5), idle=idle) == 5 * SEATS


@pytest.mark.parametrize(("ready", "waiting"), [(2, 0), (0, 2), (1, 1)])
def test_what_is_ready_or_waits_in_hand_is_not_claimed_again(ready: int, waiting: int) -> None:
    pace = make_pace(AHEAD_SECONDS / 5)
    assert count_wanted(pace, idle=3, ready=ready, waiting=waiting) == 5 * SEATS - 2


@pytest.mark.parametrize("known", [MOST_AHEAD // 2, MOST_AHEAD // 2 + 1])
def test_nothing_is_claimed_while_the_seats_have_work(known: int) -> None:
    pace = make_pace(1e-6)
    assert count_wanted(pace, idle=2, ready=known) == 0
    assert count_wanted(pace, idle=0, waiting=known) == 0
    assert count_wanted(pace, idle=0, ready=known - 20, waiting=20) == 0


def test_the_next_claim_is_made_before_all_is_begun() -> None:
    known = MOST_AHEAD // 2 - 1
    assert count_wanted(make_pace(1e-6), idle=0, ready=known - 20, waiting=20) == MOST_JOBS


def test_a_seat_that_is_idle_is_not_served_by_what_waits_in_anothers_hands() -> None:
    known = MOST_AHEAD // 2 + 1
    assert count_wanted(make_pace(1e-6), idle=1, waiting=known) == MOST_AHEAD - known


@pytest.mark.parametrize("seconds", [0.0, 1e-9])
def test_a_claim_is_bounded_however_short_the_jobs_are(seconds: float) -> None:
    assert count_wanted(make_pace(seconds), idle=1) == MOST_JOBS


@pytest.mark.parametrize(
    ("ready", "wanted"),
    [(0, MOST_JOBS), (MOST_JOBS + 5, MOST_JOBS - 5), (2 * MOST_JOBS, 0), (2 * MOST_JOBS + 5, 0)],
)
def test_more_seats_than_a_claim_may_have_jobs_are_served_in_turns(ready: int, wanted: int) -> None:
    assert count_wanted(Pace(2 * MOST_JOBS), idle=2 * MOST_JOBS, ready=ready) == wanted


def test_one_long_job_ends_claiming_ahead_at_once() -> None:
    pace = make_pace(*[1e-4] * 50, LONG_SECONDS)
    assert count_wanted(pace, idle=1) == 1
    assert pace.most_in_hand == 1


def test_after_a_long_job_short_ones_are_trusted_again_in_time() -> None:
    paces = [make_pace(LONG_SECONDS, *[1e-4] * count) for count in (1, 60)]
    assert [count_wanted(pace, idle=1) for pace in paces] == [1, MOST_JOBS]
    assert [pace.most_in_hand for pace in paces] == [1, MOST_IN_HAND]


def test_before_anything_is_known_a_seat_has_one_task() -> None:
    assert make_pace().most_in_hand == 1


@pytest.mark.parametrize(
    ("seconds", "most"),
    [
        (0.0, MOST_IN_HAND),
        (HAND_SECONDS / 4.5, 4),
        (HAND_SECONDS / 1.5, 1),
        (HAND_SECONDS * 3, 1),
        (LONG_SECONDS, 1),
    ],
)
def test_a_seat_is_given_no_more_than_it_begins_soon(seconds: float, most: int) -> None:
    assert make_pace(seconds).most_in_hand == most
