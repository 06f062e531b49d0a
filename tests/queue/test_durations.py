"""Durations as people write them and as people read them."""

from __future__ import annotations

import pytest

from processing.queue.durations import describe_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0s", 0), ("90s", 90), ("15m", 900), ("12h", 43_200), ("7d", 604_800), (" 7D ", 604_800)],
)
def test_a_number_and_a_unit_are_seconds(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "7", "d", "1.5h", "-1d", "1w", "7 d", "٣d", "1234567s", "1d2h"]
)
def test_anything_else_says_what_would_do(text: str) -> None:
    with pytest.raises(
        ValueError, match="is not a duration; write a whole number and s, m, h or d"
    ):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 ms"),
        (0.0042, "4 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1 s"),
        (1.54, "1.5 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (185, "3 min 5 s"),
        (7200, "2 h"),
        (7260, "2 h 1 min"),
        (7205, "2 h"),
        (86_400 * 3 + 3600 * 4 + 59, "3 d 4 h"),
    ],
)
def test_two_units_say_enough(seconds: float, text: str) -> None:
    assert describe_duration(seconds) == text
