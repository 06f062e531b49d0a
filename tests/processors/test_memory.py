"""Processors of files keep within a few MiB, whatever the size of the file."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from itertools import chain

import pytest

from processing.processors.compress import gzip
from processing.processors.csv_profile import csv_profile
from processing.processors.sha256 import sha256
from processing.processors.upper import upper
from tests.processors.fake_job import FakeJob
from tests.processors.streams import Discard, GeneratedStream, repeat_pieces

MIB = 1024 * 1024
SIZE_BYTES = 200 * MIB
PEAK_BYTES = 6 * MIB


def measure_peak(run: Callable[[], object]) -> int:
    """How many bytes Python held at most while run ran, beyond what it held before."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        run()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("function", [upper, sha256, gzip])
def test_a_large_file_streams_through(function):
    source = repeat_pieces(bytes(range(256)) * 4096, size_bytes=SIZE_BYTES)
    job = FakeJob(source_bytes=SIZE_BYTES)

    assert measure_peak(lambda: function(job, source, Discard())) < PEAK_BYTES
    assert job.fractions[-1] == 1.0


def make_csv(row_count: int):
    """Rows of about 4 KiB: an id, a number and a long text, all of them different."""
    yield b"id,number,text\n"
    filler = b"lorem ipsum " * 340
    for number in range(row_count):
        yield b"%d,%d.25,%d %s\n" % (number, number * 7, number, filler)


def test_a_large_table_is_profiled_in_constant_memory():
    row_count = SIZE_BYTES // 4_100
    source = GeneratedStream(make_csv(row_count))
    results = []

    peak_bytes = measure_peak(lambda: results.append(csv_profile(FakeJob(), source, Discard())))

    assert results[0]["rows"] == row_count
    assert peak_bytes < PEAK_BYTES


def test_a_table_with_many_columns_is_profiled_in_bounded_memory():
    header = b",".join(b"c%d" % number for number in range(1_000)) + b"\n"
    rows = (b",".join(b"%d" % (row + n) for n in range(1_000)) + b"\n" for row in range(100))
    source = GeneratedStream(chain([header], rows))

    assert measure_peak(lambda: csv_profile(FakeJob(), source, Discard())) < 24 * MIB


@pytest.mark.parametrize(
    "piece",
    [b"x" * MIB, b'"\n' + b"x\n" * (MIB // 2), b"," * MIB, b'"' + b"x" * (MIB - 1)],
    ids=["no line end", "quotes and lines", "delimiters only", "long quoted"],
)
def test_a_line_without_end_is_refused_before_it_fills_the_memory(piece):
    source = repeat_pieces(piece, size_bytes=SIZE_BYTES)

    def run():
        with pytest.raises(ValueError, match="row|header"):
            csv_profile(FakeJob(), source, Discard())

    assert measure_peak(run) < 24 * MIB
