from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO

import pytest

from processing.dyno.output import LINE_MOST_BYTES, Pipe


@pytest.fixture
def ends() -> Iterator[tuple[BinaryIO, int]]:
    reader, writer = os.pipe()
    with open(reader, "rb", buffering=0) as file:
        yield file, writer  # type: ignore[misc]
    os.close(writer)


def test_lines_come_whole_however_they_were_written(ends: tuple[BinaryIO, int]) -> None:
    lines: list[str] = []
    pipe = Pipe(ends[0], lines.append)
    for part in (b"one\nt", b"wo\n\xff\nlast"):
        os.write(ends[1], part)
        pipe.read()
    assert lines == ["one", "two", "\N{REPLACEMENT CHARACTER}"]
    pipe.close()
    assert lines[3:] == ["last"]


def test_a_line_without_end_is_cut(ends: tuple[BinaryIO, int]) -> None:
    lines: list[str] = []
    pipe = Pipe(ends[0], lines.append)
    os.write(ends[1], b"x" * 25_000)
    pipe.read()
    assert [len(line) for line in lines] == [LINE_MOST_BYTES, LINE_MOST_BYTES]
