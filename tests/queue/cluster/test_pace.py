"""How many jobs are claimed at once."""

from __future__ import annotations

import pytest

from processing.queue.cluster.pace import AHEAD_SECONDS, MOST_JOBS, Pace

SEATS = 4
LONG_SECONDS = 5 * AHEAD_SECONDS


def make_pace(*durations: float) -> Pace:
    pace = Pace(SEATS)
    for seconds in durations:
        pace.learn(seconds)
    return pace


@pytest.mark.parametrize("idle_count", [1, 4])
def test_before_anything_is_known_each_idle_seat_gets_one(idle_count: int) -> None:
    assert make_pace().count_wanted(idle_count=idle_count, ready_count=0) == idle_count


def test_of_long_jobs_no_more_is_claimed_than_can_begin() -> None:
    assert make_pace(LONG_SECONDS).count_wanted(idle_count=2, ready_count=0) == 2


def test_short_jobs_are_claimed_ahead_for_all_seats() -> None:
    pace = make_pace(AHEAD_SECONDS / 5)
    assert pace.count_wanted(idle_count=1, ready_count=0) == 5 * SEATS


def test_what_is_ready_is_not_claimed_again() -> None:
    pace = make_pace(AHEAD_SECONDS / 5)
    assert pace.count_wanted(idle_count=3, ready_count=2) == 5 * SEATS - 2


@pytest.mark.parametrize("ready_count", [2, 3])
def test_nothing_is_claimed_while_the_idle_seats_have_work(ready_count: int) -> None:
    assert make_pace(1e-6).count_wanted(idle_count=2, ready_count=ready_count) == 0


@pytest.mark.parametrize("seconds", [0.0, 1e-9])
def test_a_claim_is_bounded_however_short_the_jobs_are(seconds: float) -> None:
    assert make_pace(seconds).count_wanted(idle_count=1, ready_count=0) == MOST_JOBS


@pytest.mark.parametrize(("ready_count", "wanted"), [(0, MOST_JOBS), (MOST_JOBS + 5, 0)])
def test_more_seats_than_a_claim_may_have_jobs_are_served_in_turns(
    ready_count: int, wanted: int
) -> None:
    pace = Pace(2 * MOST_JOBS)
    assert pace.count_wanted(idle_count=2 * MOST_JOBS, ready_count=ready_count) == wanted


def test_one_long_job_ends_claiming_ahead_at_once() -> None:
    pace = make_pace(*[1e-4] * 50, LONG_SECONDS)
    assert pace.count_wanted(idle_count=1, ready_count=0) == 1


def test_after_a_long_job_short_ones_are_trusted_again_in_time() -> None:
    durations = [1e-4] * 60
    wanted = [
        make_pace(LONG_SECONDS, *durations[:count]).count_wanted(idle_count=1, ready_count=0)
        for count in (1, 60)
    ]
    assert wanted == [1, MOST_JOBS]
