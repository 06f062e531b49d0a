"""What a task is expected to take, by what those like it took."""

from __future__ import annotations

import pytest

from processing.memory import learnt_peaks
from processing.memory.learnt_peaks import (
    COUNTED_PEAKS,
    FEWEST_PEAKS,
    LEAST_EXPECTED_BYTES,
    LearntPeaks,
    find_p95,
)
from processing.memory.units import MIB

LIMIT = 400 * MIB


def learn(name: str, *peaks_mb: int) -> LearntPeaks:
    """What is known after tasks with these peaks, the oldest first."""
    peaks = LearntPeaks()
    for peak_mb in peaks_mb:
        peaks.learn(name, peak_mb * MIB)
    return peaks


def test_what_was_never_run_may_take_all_of_its_limit() -> None:
    assert LearntPeaks().expect("new", LIMIT) == LIMIT


def test_a_few_runs_say_nothing_yet() -> None:
    assert learn("upper", *[40] * (FEWEST_PEAKS - 1)).expect("upper", LIMIT) == LIMIT
    assert learn("upper", *[40] * FEWEST_PEAKS).expect("upper", LIMIT) == 50 * MIB


def test_each_name_is_learnt_for_itself() -> None:
    peaks = learn("upper", *[40] * FEWEST_PEAKS)
    assert peaks.expect("other", LIMIT) == LIMIT


def test_one_run_of_twenty_may_be_far_above() -> None:
    assert learn("upper", 300, *[40] * 19).expect("upper", LIMIT) == 50 * MIB
    assert learn("upper", 300, 300, *[40] * 18).expect("upper", LIMIT) == 375 * MIB


def test_only_the_newest_runs_count() -> None:
    peaks = learn("upper", *[300] * 50, *[40] * COUNTED_PEAKS)
    assert peaks.expect("upper", LIMIT) == 50 * MIB


def test_what_is_learnt_later_counts_too() -> None:
    peaks = learn("upper", *[40] * 10)
    assert peaks.expect("upper", LIMIT) == 50 * MIB
    peaks.learn("upper", 80 * MIB)
    assert peaks.expect("upper", LIMIT) == 100 * MIB


def test_nothing_is_expected_above_the_limit_or_to_take_next_to_nothing() -> None:
    peaks = learn("upper", *[0] * FEWEST_PEAKS)
    assert peaks.expect("upper", LIMIT) == LEAST_EXPECTED_BYTES
    assert peaks.expect("upper", MIB) == MIB
    assert learn("hog", *[900] * FEWEST_PEAKS).expect("hog", LIMIT) == LIMIT


def test_of_many_names_those_that_ran_long_ago_are_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(learnt_peaks, "MOST_NAMES", 2)
    peaks = learn("first", *[40] * FEWEST_PEAKS)
    for name in ("second", "first", "third"):
        peaks.learn(name, 40 * MIB)
    assert peaks.expect("first", LIMIT) == 50 * MIB
    for name in ("second", "third"):
        peaks.learn(name, 40 * MIB)
    assert peaks.expect("first", LIMIT) == LIMIT


def test_the_percentile_is_a_peak_that_was_measured() -> None:
    assert find_p95([7]) == 7
    assert find_p95(range(1, 21)) == 19
    assert find_p95(range(100, 0, -1)) == 95
