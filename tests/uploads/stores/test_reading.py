"""What every store's streams do, beside those of a local file."""

from __future__ import annotations

import io
import os
import random

import pytest

from tests.uploads.stores.conftest import Place, make_pattern

SIZE_BYTES = 900_001
CONTENT = make_pattern(SIZE_BYTES)
NAME = "sources/ab/abc"
STEPS = 300


@pytest.fixture(autouse=True)
def stored(place: Place) -> None:
    place.write(NAME, CONTENT)


@pytest.mark.parametrize("block_bytes", [1000, 65_536, 300_000, 2_000_000])
def test_it_is_read_in_blocks_of_any_size(place: Place, block_bytes: int) -> None:
    with place.store.open_stream(NAME) as stream:
        blocks = list(iter(lambda: stream.read(block_bytes), b""))

    assert b"".join(blocks) == CONTENT
    assert {len(block) for block in blocks[:-1]} <= {block_bytes}


@pytest.mark.parametrize(
    ("start", "length"),
    [(0, 1), (0, 0), (262_143, 2), (262_144, 262_144), (899_999, 10), (900_001, 1), (2_000_000, 1)],
)
def test_any_part_of_it_is_read(place: Place, start: int, length: int) -> None:
    with place.store.open_stream(NAME) as stream:
        assert stream.seek(start) == start
        assert stream.read(length) == CONTENT[start : start + length]


def test_it_does_what_a_file_does(place: Place) -> None:
    """Any order of seeks and reads, the same in a stream in memory."""
    chance = random.Random(7)
    expected = io.BytesIO(CONTENT)
    with place.store.open_stream(NAME) as stream:
        for _ in range(STEPS):
            whence = chance.choice([os.SEEK_SET, os.SEEK_CUR, os.SEEK_END])
            offset = chance.randrange(0, SIZE_BYTES) - (SIZE_BYTES if whence == os.SEEK_END else 0)
            if chance.random() < 0.5:
                assert stream.seek(offset, whence) == expected.seek(offset, whence)
            length = chance.randrange(0, 100_000)
            assert stream.read(length) == expected.read(length)
            assert stream.tell() == expected.tell()


def test_no_position_is_before_the_start(place: Place) -> None:
    with place.store.open_stream(NAME) as stream, pytest.raises((ValueError, OSError)):
        stream.seek(-1)


def test_it_is_read_line_by_line_and_as_text(place: Place) -> None:
    lines = [f"line {number}\n" for number in range(50_000)]
    place.write("sources/ab/text", "".join(lines).encode())

    with place.store.open_stream("sources/ab/text") as stream:
        assert [line.decode() for line in stream] == lines
        stream.seek(0)
        with io.TextIOWrapper(stream) as text:
            assert text.readlines() == lines


def test_it_is_for_reading_and_is_closed(place: Place) -> None:
    stream = place.store.open_stream(NAME)

    assert (stream.readable(), stream.seekable(), stream.writable()) == (True, True, False)
    stream.close()
    stream.close()
    with pytest.raises(ValueError, match="closed"):
        stream.read(1)


def test_two_streams_of_a_file_have_their_own_positions(place: Place) -> None:
    with place.store.open_stream(NAME) as one, place.store.open_stream(NAME) as other:
        one.seek(500_000)
        assert other.read(4) == CONTENT[:4]
        assert one.read(4) == CONTENT[500_000:500_004]
