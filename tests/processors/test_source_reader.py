from __future__ import annotations

import io

from processing.processors.source_reader import (
    CHUNK_BYTES,
    REPORT_EVERY_BYTES,
    SourceReader,
    read_chunks,
)
from tests.processors.fake_job import FakeJob
from tests.processors.streams import repeat_pieces

MIB = 1024 * 1024


def test_the_chunks_are_the_source_whatever_the_reads_return():
    text = b"".join(b"%d," % number for number in range(200_000))
    pieces = [text[start : start + 777] for start in range(0, len(text), 777)]

    class Trickle(io.RawIOBase):
        def read(self, size=-1):
            return pieces.pop(0) if pieces else b""

    assert b"".join(read_chunks(FakeJob(), Trickle())) == text


def test_no_read_is_larger_than_a_chunk():
    source = repeat_pieces(bytes(MIB), size_bytes=4 * MIB)

    assert max(map(len, read_chunks(FakeJob(), source))) <= CHUNK_BYTES
    assert source.longest_read_bytes <= CHUNK_BYTES


def test_progress_is_the_fraction_read_about_once_per_mebibyte():
    job = FakeJob(source_bytes=10 * MIB)
    source = repeat_pieces(bytes(MIB), size_bytes=10 * MIB)

    assert sum(map(len, read_chunks(job, source))) == 10 * MIB
    assert REPORT_EVERY_BYTES == MIB
    assert job.fractions == [n / 10 for n in range(1, 11)] + [1.0]


def test_a_source_of_unknown_size_reports_its_end_only():
    job = FakeJob(source_bytes=None)
    for _ in read_chunks(job, repeat_pieces(bytes(MIB), size_bytes=3 * MIB)):
        assert job.fractions == []

    assert job.fractions == [1.0]


def test_a_source_larger_than_announced_never_passes_the_whole():
    job = FakeJob(source_bytes=MIB)
    for _ in read_chunks(job, repeat_pieces(bytes(MIB), size_bytes=3 * MIB)):
        pass

    assert max(job.fractions) == 1.0


def test_closing_the_reader_leaves_the_source_open():
    source = io.BytesIO(b"kept")
    with SourceReader(FakeJob(), source):
        pass

    assert source.read(4) == b"kept"
