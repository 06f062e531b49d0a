"""A body may come slowly, but not a byte now and then."""

from __future__ import annotations

import pytest

from processing.errors import BodyStalled
from processing.web.pace import WINDOW_SECONDS, Pace

LEAST = 512


def test_a_byte_now_and_then_is_given_up_at_the_end_of_the_first_window() -> None:
    pace = Pace(LEAST)
    for _ in range(3):
        pace.record(15.0, 1)
    with pytest.raises(BodyStalled, match=r"4 bytes in 60 seconds.*UPLOAD_MIN_BYTES_PER_SECOND"):
        pace.record(15.0, 1)


def test_a_slow_steady_line_goes_on_for_ever() -> None:
    pace = Pace(LEAST)
    for _ in range(10_000):
        pace.record(1.0, 2000)


def test_a_line_that_is_away_for_ten_seconds_now_and_then_goes_on() -> None:
    pace = Pace(LEAST)
    for _ in range(1000):
        pace.record(10.0, 100)
        pace.record(2.0, 20_000)


def test_what_came_fast_at_first_does_not_pay_for_later() -> None:
    pace = Pace(LEAST)
    pace.record(WINDOW_SECONDS, 10**9)
    with pytest.raises(BodyStalled):
        pace.record(WINDOW_SECONDS, 100)


def test_a_body_that_never_keeps_us_waiting_is_not_judged() -> None:
    pace = Pace(LEAST)
    for _ in range(100_000):
        pace.record(0.0, 1)


def test_there_need_be_no_bound() -> None:
    pace = Pace(0)
    for _ in range(100):
        pace.record(19.0, 1)
