"""Waits that double, up to a bound."""

from __future__ import annotations

import pytest

from processing.backoff import double_wait


@pytest.mark.parametrize(("doublings", "seconds"), [(0, 0.5), (1, 1.0), (3, 4.0), (4, 5.0)])
def test_a_wait_doubles_up_to_its_bound(doublings: int, seconds: float) -> None:
    assert double_wait(0.5, doublings, most_seconds=5.0) == seconds


def test_a_wait_that_doubled_for_ever_is_still_a_number() -> None:
    assert double_wait(0.5, 100_000, most_seconds=5.0) == 5.0
