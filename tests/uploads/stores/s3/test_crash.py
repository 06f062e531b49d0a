"""A process is killed at every request that it sends to the bucket."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.base import ContentFile

from processing.uploads.stores.s3 import bucket, kept
from tests.uploads.stores.conftest import Place, make_pattern
from tests.uploads.stores.s3.dying import die_everywhere

NAME = "sources/ab/abc"
#: As many parts as a file of 20 MiB has, and as large a rest.
SMALL_PART_BYTES = 128 * 1024
BLOCK_BYTES = SMALL_PART_BYTES // 8
KEPT_BYTES = 3 * BLOCK_BYTES
CONTENT = make_pattern(20 * BLOCK_BYTES)


def append(
    place: Place, offset: int, end: int, content: bytes = CONTENT, *, is_provisional: bool = False
) -> None:
    appender = place.store.append(NAME, offset, is_provisional=is_provisional)
    for position in range(offset, end, BLOCK_BYTES):
        appender.write(content[position : min(position + BLOCK_BYTES, end)])
    assert appender.close() == end


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "PART_BYTES", SMALL_PART_BYTES)
    monkeypatch.setattr(bucket.TRANSFER_CONFIG, "multipart_threshold", SMALL_PART_BYTES)
    monkeypatch.setattr(bucket.TRANSFER_CONFIG, "multipart_chunksize", SMALL_PART_BYTES)


@pytest.fixture
def begin(s3_place: Place) -> Callable[[], None]:
    """Begin the file anew, with KEPT_BYTES in it."""

    def begin() -> None:
        s3_place.store.delete(NAME)
        s3_place.store.begin(NAME)
        append(s3_place, 0, KEPT_BYTES)

    return begin


def finish(place: Place) -> bytes:
    place.store.finish(NAME, len(CONTENT))
    assert place.names() == [NAME]
    return place.read(NAME)


def test_an_append_keeps_what_was_kept_before(s3_place: Place, begin: Callable[[], None]) -> None:
    deaths = 0
    for death in die_everywhere(begin, lambda: append(s3_place, KEPT_BYTES, len(CONTENT))):
        kept_bytes = s3_place.store.measure(NAME)
        assert kept_bytes >= KEPT_BYTES, death
        append(s3_place, kept_bytes, len(CONTENT))
        assert finish(s3_place) == CONTENT, death
        deaths += 1
    assert deaths >= 5


def test_a_provisional_append_can_be_taken_back(s3_place: Place, begin: Callable[[], None]) -> None:
    def append_wrong() -> None:
        append(s3_place, KEPT_BYTES, len(CONTENT), b"x" * len(CONTENT), is_provisional=True)

    for death in die_everywhere(begin, append_wrong):
        assert s3_place.store.measure(NAME) == KEPT_BYTES, death
        append(s3_place, KEPT_BYTES, len(CONTENT), is_provisional=True)
        assert finish(s3_place) == CONTENT, death
    assert s3_place.store.measure(NAME) == len(CONTENT)


def test_the_way_back_can_be_taken_again(s3_place: Place, begin: Callable[[], None]) -> None:
    def begin_wrong() -> None:
        begin()
        append(s3_place, KEPT_BYTES, len(CONTENT), b"x" * len(CONTENT), is_provisional=True)

    def go_back() -> None:
        s3_place.store.append(NAME, KEPT_BYTES, is_provisional=False).close()

    for death in die_everywhere(begin_wrong, go_back):
        append(s3_place, KEPT_BYTES, len(CONTENT))
        assert finish(s3_place) == CONTENT, death


def test_what_is_abandoned_never_was(s3_place: Place, begin: Callable[[], None]) -> None:
    def abandon() -> None:
        appender = s3_place.store.append(NAME, KEPT_BYTES, is_provisional=False)
        appender.write(b"x" * len(CONTENT))
        appender.abandon()

    for death in die_everywhere(begin, abandon):
        append(s3_place, KEPT_BYTES, len(CONTENT))
        assert finish(s3_place) == CONTENT, death
    assert s3_place.store.measure(NAME) == KEPT_BYTES


@pytest.mark.parametrize("size_bytes", [0, 3 * BLOCK_BYTES, 8 * BLOCK_BYTES, 20 * BLOCK_BYTES])
def test_finishing_goes_on_where_it_ended(s3_place: Place, size_bytes: int) -> None:
    def begin() -> None:
        s3_place.store.delete(NAME)
        s3_place.store.begin(NAME)
        append(s3_place, 0, size_bytes)

    for death in die_everywhere(begin, lambda: s3_place.store.finish(NAME, size_bytes)):
        assert s3_place.store.measure(NAME) == size_bytes, death
        s3_place.store.finish(NAME, size_bytes)
        assert s3_place.names() == [NAME]
        assert s3_place.read(NAME) == CONTENT[:size_bytes], death


def test_a_file_that_is_removed_by_halves_is_listed_until_it_is_gone(
    s3_place: Place, begin: Callable[[], None]
) -> None:
    for death in die_everywhere(begin, lambda: s3_place.store.delete(NAME)):
        assert s3_place.names() in ([NAME], []), death
        s3_place.store.delete(NAME)
        assert s3_place.names() == [], death
        assert find_multipart_uploads(s3_place) == []


def test_what_is_left_of_a_beginning_is_listed_and_can_be_removed(s3_place: Place) -> None:
    for death in die_everywhere(lambda: None, lambda: s3_place.store.begin(NAME)):
        left = bool(find_multipart_uploads(s3_place))
        assert s3_place.names() == [NAME] * left, death
        s3_place.store.delete(NAME)
        assert find_multipart_uploads(s3_place) == []


def test_what_is_left_of_a_whole_file_is_listed_and_can_be_removed(
    s3_place: Place, tmp_path: Path
) -> None:
    seen = set()
    for death in die_everywhere(
        lambda: None, lambda: s3_place.store.save(NAME, ContentFile(CONTENT)) and None
    ):
        names = s3_place.names()
        assert set(names) <= {NAME}, death
        seen.update(names)
        s3_place.store.delete(NAME)
        assert (s3_place.names(), find_multipart_uploads(s3_place)) == ([], [])
    assert seen == {NAME}


def find_multipart_uploads(place: Place) -> list[str]:
    client, bucket = place.store.connection.meta.client, place.store.bucket_name
    return [
        upload["Key"] for upload in client.list_multipart_uploads(Bucket=bucket).get("Uploads", ())
    ]
