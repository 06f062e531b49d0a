"""Traces of allocations, reduced to lines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from processing.memory import allocations
from processing.memory.allocations import COUNTED_BLOCKS, LINE_LEAST_BYTES, Trace, reduce_traces
from processing.memory.source_lines import Frame, is_library, read_line

KIB = 1024
HERE = __file__
#: Frames with the innermost first.
DECODER: Frame = (json.decoder.__file__, 353)
LOADS: Frame = (json.__file__, 346)


def make_trace(size_bytes: int, *frames: Frame) -> Trace:
    return (0, size_bytes, frames, len(frames))


def test_lines_are_in_order_of_what_they_hold_and_no_more_than_asked_for() -> None:
    traces = [make_trace(number * 5 * KIB, (HERE, number)) for number in range(1, 6)]
    lines = reduce_traces(traces, 3)
    assert [line.place for line in lines] == [f"{HERE}:{number}" for number in (5, 4, 3)]
    assert [line.size_bytes for line in lines] == [25 * KIB, 20 * KIB, 15 * KIB]


def test_blocks_of_one_line_are_put_together_whatever_called_it() -> None:
    own = (HERE, 1)
    traces = [make_trace(4 * KIB, own, (HERE, caller)) for caller in (7, 8, 8)]
    [line] = reduce_traces(traces, 10)
    assert (line.size_bytes, line.blocks, line.detail) == (12 * KIB, 3, "")


def test_a_library_is_counted_for_the_innermost_line_outside_of_it() -> None:
    traces = [make_trace(9 * KIB, DECODER, LOADS, (HERE, 3), (HERE, 9))]
    [line] = reduce_traces(traces, 10)
    assert line.place == f"{HERE}:3"
    assert line.detail == f"in {DECODER[0]}:353 {read_line(DECODER)}"


def test_where_all_is_library_its_outermost_line_is_named() -> None:
    [line] = reduce_traces([make_trace(9 * KIB, DECODER, LOADS)], 10)
    assert line.place == f"{LOADS[0]}:346"


def test_what_the_profile_itself_allocates_and_crumbs_are_left_out() -> None:
    own = (allocations.__file__, 60)
    crumb = make_trace(LINE_LEAST_BYTES - 1, (HERE, 1))
    assert reduce_traces([make_trace(90 * KIB, own), crumb], 10) == []


def test_of_very_many_blocks_the_largest_count_and_a_sample_stands_for_the_rest() -> None:
    count = COUNTED_BLOCKS * 5
    traces = [make_trace(100, (HERE, 1)) for _ in range(count)]
    traces += [make_trace(50, (HERE, 2)) for _ in range(count)]
    traces += [make_trace(1024 * KIB, (HERE, 3))]
    first, second, large = reduce_traces(traces, 10)
    assert (large.size_bytes, large.blocks) == (1024 * KIB, 1)
    assert first.size_bytes == pytest.approx(100 * count, rel=0.01)
    assert second.blocks == pytest.approx(count, rel=0.01)


def test_installed_packages_and_the_standard_library_are_libraries_and_this_is_not() -> None:
    assert is_library(json.__file__)
    assert is_library(pytest.__file__)
    assert is_library("<frozen importlib._bootstrap>")
    assert not is_library(HERE)


def test_a_line_that_cannot_be_read_is_empty(tmp_path: Path) -> None:
    assert read_line((str(tmp_path / "gone.py"), 3)) == ""
