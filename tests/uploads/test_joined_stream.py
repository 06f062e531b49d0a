"""Reading the parts of an upload as one file."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from django.core.files.base import ContentFile

from processing.uploads import joined_stream
from processing.uploads.joined_stream import JoinedStream, Part, open_joined
from processing.uploads.store import get_store

WHOLE = b"one\ntwo\nthree and a half\n\nfour" * 50
CUTS = (0, 0, 1, 1, 700, 701, 1000, len(WHOLE), len(WHOLE))


@pytest.fixture
def parts(folders: Path) -> list[Part]:
    """WHOLE in parts, some of them empty."""
    return [keep_part(WHOLE[start:end]) for start, end in zip(CUTS, CUTS[1:], strict=False)]


@pytest.fixture
def joined(parts: list[Part]) -> Iterator[BinaryIO]:
    with open_joined(parts) as stream:
        yield stream


def keep_part(data: bytes) -> Part:
    return Part(get_store().save("sources/aa/part", ContentFile(data)), len(data))


def test_it_is_all_parts_in_their_order(joined: BinaryIO) -> None:
    assert joined.read() == WHOLE
    assert joined.read() == b""


def test_it_is_read_line_by_line_across_parts(joined: BinaryIO) -> None:
    assert list(joined) == io.BytesIO(WHOLE).readlines()


def test_it_is_sought_like_a_file(joined: BinaryIO) -> None:
    plain, generator = io.BytesIO(WHOLE), random.Random(3)
    for _ in range(500):
        position, size = generator.randrange(len(WHOLE) + 20), generator.randrange(400)
        assert joined.seek(position) == plain.seek(position)
        assert joined.read(size) == plain.read(size)
        assert joined.tell() == plain.tell()
    assert joined.seek(-5, io.SEEK_END) == plain.seek(-5, io.SEEK_END)
    assert joined.seek(2, io.SEEK_CUR) == plain.seek(2, io.SEEK_CUR)
    assert joined.read() == plain.read()


def test_a_position_before_its_start_is_refused(parts: list[Part]) -> None:
    with JoinedStream(parts) as stream, pytest.raises(ValueError, match="negative"):
        stream.seek(-1)


@pytest.mark.parametrize("count", [0, 3])
def test_parts_without_bytes_are_an_empty_file(folders: Path, count: int) -> None:
    with open_joined([keep_part(b"") for _ in range(count)]) as stream:
        assert stream.read() == b""
        assert stream.seek(0, io.SEEK_END) == 0


def test_one_part_is_open_at_a_time(parts: list[Part], monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[BinaryIO] = []
    most_open = 0

    def open_counted(name: str) -> BinaryIO:
        nonlocal most_open
        opened.append(get_store().open_stream(name))
        most_open = max(most_open, sum(not file.closed for file in opened))
        return opened[-1]

    monkeypatch.setattr(joined_stream, "open_stored", open_counted)
    with open_joined(parts) as stream:
        assert stream.read() == WHOLE
    assert len(opened) == 5
    assert most_open == 1
    assert all(file.closed for file in opened)


def test_a_part_that_is_gone_is_told_at_once(folders: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_joined([Part("sources/aa/gone", 5)])


def test_a_later_part_that_is_gone_is_told_when_it_is_read(folders: Path) -> None:
    with open_joined([keep_part(b"abc"), Part("sources/aa/gone", 5)]) as stream:
        assert stream.read(3) == b"abc"
        with pytest.raises(FileNotFoundError):
            stream.read(1)


def test_a_part_that_lost_bytes_is_an_error_and_no_shorter_file(folders: Path) -> None:
    short: Any = keep_part(b"abc")._replace(size_bytes=4)
    with open_joined([short, keep_part(b"def")]) as stream, pytest.raises(OSError, match="less"):
        stream.read()


def test_a_closed_one_is_not_read(parts: list[Part]) -> None:
    stream = open_joined(parts)
    stream.close()
    stream.close()
    with pytest.raises(ValueError, match="closed"):
        stream.read(1)
