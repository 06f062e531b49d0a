"""What jobs took at their peak, by what they ran."""

from __future__ import annotations

import pytest

from processing.queue import peaks
from processing.queue.peaks import Peaks, collect_peaks, find_peaks
from tests.factories import make_job

pytestmark = pytest.mark.django_db

MIB = 1024 * 1024


def make_jobs(name: str, *peaks_mb: int | None) -> None:
    """Finished jobs, the oldest first; None for a peak that nobody measured."""
    for peak_mb in peaks_mb:
        peak_bytes = None if peak_mb is None else peak_mb * MIB
        make_job(processor=name, state="succeeded", peak_memory_bytes=peak_bytes)


def test_nothing_is_known_where_nothing_was_measured() -> None:
    make_jobs("upper", None, None)
    assert find_peaks() == []


def test_the_largest_comes_first_and_a_job_without_a_peak_is_left_out() -> None:
    make_jobs("echo", 3, None, 1)
    make_jobs("upper", 9)
    assert find_peaks() == [
        Peaks(name="upper", job_count=1, p95_bytes=9 * MIB, most_bytes=9 * MIB),
        Peaks(name="echo", job_count=2, p95_bytes=3 * MIB, most_bytes=3 * MIB),
    ]


def test_one_of_twenty_may_be_far_above_and_older_ones_do_not_count() -> None:
    make_jobs("upper", 900, *range(1, 20), 500)
    [found] = find_peaks()
    assert (found.job_count, found.p95_bytes, found.most_bytes) == (20, 19 * MIB, 500 * MIB)


def test_a_plain_function_goes_by_its_path() -> None:
    make_job(processor="", function="shop.tidy", peak_memory_bytes=MIB)
    assert [found.name for found in find_peaks()] == ["shop.tidy"]


def test_only_the_newest_jobs_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peaks, "LOOKED_AT_JOBS", 2)
    make_jobs("old", 5)
    make_jobs("new", 1, 2)
    assert [found.name for found in find_peaks()] == ["new"]


def test_each_peak_is_told_the_newest_first() -> None:
    make_jobs("upper", *range(1, 31))
    make_jobs("echo", None, 2)
    expected = {"upper": [peak_mb * MIB for peak_mb in range(30, 10, -1)], "echo": [2 * MIB]}
    assert collect_peaks() == expected
