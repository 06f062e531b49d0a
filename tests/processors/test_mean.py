from __future__ import annotations

import statistics
import sys
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from processing.processors.mean import Mean

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
LARGEST = sys.float_info.max


def find_mean(*batches: list[float]) -> float | None:
    mean = Mean()
    for batch in batches:
        mean.add(batch)
    return mean.value


def test_there_is_no_mean_of_nothing():
    assert find_mean() is None
    assert find_mean([]) is None


@given(st.lists(st.lists(FLOATS, max_size=6), max_size=6))
@example([[LARGEST, LARGEST], [LARGEST]])
@example([[LARGEST], [LARGEST, -LARGEST, -LARGEST], [1.0]])
@example([[1e16], [1.0], [-1e16]])
@example([[5e-324]])
def test_the_mean_of_batches_is_the_exact_one_rounded(batches):
    values = [value for batch in batches for value in batch]
    if not values:
        assert find_mean(*batches) is None
        return
    exact = sum(map(Fraction, values)) / len(values)
    # In units of 2**64 what is below 1e-288 is lost; it only matters beside sums past 1e308.
    assert find_mean(*batches) == pytest.approx(float(exact), rel=1e-12, abs=1e-287)


@given(st.lists(st.floats(-1e300, 1e300), min_size=1))
def test_the_mean_is_that_of_statistics(values):
    assert find_mean(values) == statistics.fmean(values)


@pytest.mark.parametrize("count", [2, 3, 5, 6, 7, 11, 1_000])
def test_the_mean_of_the_largest_number_is_finite(count):
    assert find_mean([LARGEST] * count) == pytest.approx(LARGEST)
    assert find_mean([-LARGEST] * count) == pytest.approx(-LARGEST)


def test_integers_are_taken_as_floats():
    assert find_mean([1, 2], [2**70]) == statistics.fmean([1, 2, 2**70])
