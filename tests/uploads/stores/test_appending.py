"""What every store does with a file that comes bit by bit."""

from __future__ import annotations

import random

import pytest

from tests.uploads.stores.conftest import Place, make_pattern

NAME = "sources/ab/abc"
CONTENT = make_pattern(1_500_000)


def append(place: Place, offset: int, end: int, *, is_provisional: bool = False) -> int:
    appender = place.store.append(NAME, offset, is_provisional=is_provisional)
    appender.write(CONTENT[offset:end])
    return appender.close()


def finish(place: Place, size_bytes: int) -> bytes:
    place.store.finish(NAME, size_bytes)
    return place.read(NAME)


def test_a_file_that_was_begun_is_empty_and_listed(place: Place) -> None:
    place.store.begin(NAME)

    assert place.store.measure(NAME) == 0
    assert place.names() == [NAME]
    place.store.delete(NAME)
    assert place.names() == []


def test_a_file_of_no_bytes_can_be_finished(place: Place) -> None:
    place.store.begin(NAME)

    assert finish(place, 0) == b""


def test_a_name_can_be_begun_once(place: Place) -> None:
    place.store.begin(NAME)

    with pytest.raises(OSError, match="exist|already"):
        place.store.begin(NAME)


def test_blocks_of_any_size_make_one_file(place: Place) -> None:
    chance = random.Random(7)
    place.store.begin(NAME)
    appender = place.store.append(NAME, 0, is_provisional=False)
    position = 0
    while position < len(CONTENT):
        length = chance.choice([0, 1, 1000, 65_536, 262_144, 400_000])
        appender.write(CONTENT[position : position + length])
        position += length

    assert appender.close() == len(CONTENT)
    assert finish(place, len(CONTENT)) == CONTENT
    assert place.store.measure(NAME) == len(CONTENT)


def test_a_file_is_written_on_where_it_ended(place: Place) -> None:
    place.store.begin(NAME)
    ends = [1, 100, 300_000, 300_000, 700_001, len(CONTENT)]
    for offset, end in zip([0, *ends], ends, strict=False):
        assert append(place, offset, end) == end
        assert place.store.measure(NAME) == end

    assert finish(place, len(CONTENT)) == CONTENT


def test_many_small_pieces_make_one_file(place: Place) -> None:
    place.store.begin(NAME)
    for offset in range(0, 20_000, 1000):
        append(place, offset, offset + 1000)

    assert finish(place, 20_000) == CONTENT[:20_000]


def test_what_is_behind_the_offset_is_forgotten(place: Place) -> None:
    place.store.begin(NAME)
    appender = place.store.append(NAME, 0, is_provisional=False)
    appender.write(b"another" * 200_000)
    appender.close()

    place.store.append(NAME, 300_001, is_provisional=False).close()
    assert place.store.measure(NAME) == 300_001
    append(place, 300_001, 600_000)

    expected = (b"another" * 200_000)[:300_001] + CONTENT[300_001:600_000]
    assert finish(place, 600_000) == expected


def test_an_offset_that_is_not_reached_is_refused(place: Place) -> None:
    place.store.begin(NAME)
    append(place, 0, 100)

    with pytest.raises(OSError, match="100"):
        place.store.append(NAME, 101, is_provisional=False)


def test_nothing_at_all_may_be_taken(place: Place) -> None:
    place.store.begin(NAME)

    assert append(place, 0, 0) == 0
    assert append(place, 0, 10) == 10
    assert append(place, 10, 10) == 10


@pytest.mark.parametrize("kept_bytes", [0, 10, 300_000])
@pytest.mark.parametrize("is_provisional", [True, False])
def test_what_is_abandoned_never_was(place: Place, kept_bytes: int, is_provisional: bool) -> None:
    place.store.begin(NAME)
    append(place, 0, kept_bytes)
    appender = place.store.append(NAME, kept_bytes, is_provisional=is_provisional)
    appender.write(b"wrong" * 200_000)

    appender.abandon()

    assert place.store.measure(NAME) == kept_bytes
    append(place, kept_bytes, 800_000)
    assert finish(place, 800_000) == CONTENT[:800_000]


def test_a_provisional_piece_is_kept_once_it_is_closed(place: Place) -> None:
    place.store.begin(NAME)

    assert append(place, 0, 600_000, is_provisional=True) == 600_000
    assert append(place, 600_000, 1_000_000, is_provisional=True) == 1_000_000
    assert finish(place, 1_000_000) == CONTENT[:1_000_000]


def test_a_provisional_piece_that_was_left_open_is_taken_back(place: Place) -> None:
    place.store.begin(NAME)
    append(place, 0, 100_000)
    lost = place.store.append(NAME, 100_000, is_provisional=True)
    lost.write(b"wrong" * 200_000)

    append(place, 100_000, 500_000)

    assert finish(place, 500_000) == CONTENT[:500_000]


def test_closing_again_tells_the_size_again(place: Place) -> None:
    place.store.begin(NAME)
    appender = place.store.append(NAME, 0, is_provisional=False)
    appender.write(b"12345")

    assert (appender.close(), appender.close()) == (5, 5)


def test_finishing_may_be_repeated(place: Place) -> None:
    place.store.begin(NAME)
    append(place, 0, 1000)

    place.store.finish(NAME, 1000)
    place.store.finish(NAME, 1000)

    assert place.read(NAME) == CONTENT[:1000]


def test_a_file_that_is_removed_meanwhile_comes_back_in_no_part(place: Place) -> None:
    place.store.begin(NAME)
    append(place, 0, 600_000)
    place.store.delete(NAME)

    with pytest.raises(FileNotFoundError):
        place.store.measure(NAME)
    assert place.names() == []
