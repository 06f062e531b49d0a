"""How a file that comes bit by bit lies in a bucket, with parts of their real size."""

from __future__ import annotations

from typing import Any

import pytest

from processing.errors import StoreUnavailable, UploadUnfinished
from processing.queue.resumable.content import check_whole
from processing.uploads.stores.s3.kept import Kept, Part, part_bytes
from processing.uploads.stores.s3.marker import Marker, Span
from tests.factories import make_resumable
from tests.uploads.stores.conftest import Place, make_pattern
from tests.uploads.stores.s3.dying import get_client

MIB = 1024 * 1024
GIB = 1024 * MIB
#: Of keys and values together, at Amazon.
METADATA_MOST_BYTES = 2048
NAME = "sources/ab/abc"
KEY = f"a/prefix/{NAME}"
CONTENT = make_pattern(20 * MIB)


def append(place: Place, offset: int, end: int, *, is_provisional: bool = False) -> int:
    appender = place.store.append(NAME, offset, is_provisional=is_provisional)
    appender.write(CONTENT[offset:end])
    return appender.close()


def list_parts(place: Place) -> list[int]:
    bucket = place.store.bucket_name  # type: ignore[attr-defined]
    [upload] = get_client().list_multipart_uploads(Bucket=bucket)["Uploads"]
    answer = get_client().list_parts(Bucket=bucket, Key=KEY, UploadId=upload["UploadId"])
    return [part["Size"] for part in answer.get("Parts", ())]


def list_keys(place: Place) -> dict[str, int]:
    bucket = place.store.bucket_name  # type: ignore[attr-defined]
    pages = get_client().list_objects_v2(Bucket=bucket).get("Contents", ())
    return {entry["Key"]: entry["Size"] for entry in pages}


def test_what_makes_a_part_is_sent_and_the_rest_waits_beside_it(s3_place: Place) -> None:
    s3_place.store.begin(NAME)
    append(s3_place, 0, len(CONTENT))

    assert list_parts(s3_place) == [8 * MIB, 8 * MIB]
    assert list_keys(s3_place) == {f"{KEY}.unfinished": 4 * MIB}
    s3_place.store.finish(NAME, len(CONTENT))
    assert list_keys(s3_place) == {KEY: len(CONTENT)}
    assert s3_place.read(NAME) == CONTENT


def test_pieces_that_are_no_part_become_one_together(s3_place: Place) -> None:
    s3_place.store.begin(NAME)
    for offset in range(0, 18 * MIB, 3 * MIB):
        append(s3_place, offset, offset + 3 * MIB, is_provisional=offset % (2 * MIB) == 0)
        assert s3_place.store.measure(NAME) == offset + 3 * MIB

    assert list_parts(s3_place) == [8 * MIB, 8 * MIB]
    s3_place.store.finish(NAME, 18 * MIB)
    assert s3_place.read(NAME) == CONTENT[: 18 * MIB]


def test_a_part_counts_as_soon_as_it_is_sent(s3_place: Place) -> None:
    s3_place.store.begin(NAME)
    append(s3_place, 0, MIB)
    lost = s3_place.store.append(NAME, MIB, is_provisional=False)
    lost.write(CONTENT[MIB : 10 * MIB])

    assert s3_place.store.measure(NAME) == 8 * MIB
    append(s3_place, 8 * MIB, len(CONTENT))
    s3_place.store.finish(NAME, len(CONTENT))
    assert s3_place.read(NAME) == CONTENT


def test_a_provisional_piece_sends_nothing_before_it_is_closed(s3_place: Place) -> None:
    s3_place.store.begin(NAME)
    sent: list[Any] = []
    appender = s3_place.store.append(NAME, 0, is_provisional=True)
    get_client().meta.events.register("before-send.s3", lambda request, **_: sent.append(request))

    appender.write(CONTENT)
    assert sent == []
    appender.abandon()

    assert sent == []
    assert s3_place.store.measure(NAME) == 0


def test_a_provisional_piece_that_was_kept_can_be_taken_back(s3_place: Place) -> None:
    s3_place.store.begin(NAME)
    append(s3_place, 0, 3 * MIB)
    wrong = s3_place.store.append(NAME, 3 * MIB, is_provisional=True)
    wrong.write(b"x" * len(CONTENT))
    assert wrong.close() == 3 * MIB + len(CONTENT)

    assert append(s3_place, 3 * MIB, len(CONTENT)) == len(CONTENT)

    assert s3_place.store.measure(NAME) == len(CONTENT)
    s3_place.store.finish(NAME, len(CONTENT))
    assert s3_place.read(NAME) == CONTENT


def test_a_file_of_another_size_is_not_finished(s3_place: Place) -> None:
    s3_place.store.begin(NAME)
    append(s3_place, 0, 100)

    with pytest.raises(OSError, match="has 100 bytes, not 101"):
        s3_place.store.finish(NAME, 101)
    s3_place.store.finish(NAME, 100)
    with pytest.raises(OSError, match="has 100 bytes, not 101"):
        s3_place.store.finish(NAME, 101)


def test_an_upload_can_be_joined_once_its_file_is_finished(s3_place: Place) -> None:
    upload = make_resumable(stored_name=NAME, length=100, offset=100)
    s3_place.store.begin(NAME)
    append(s3_place, 0, 100)

    with pytest.raises(UploadUnfinished):
        check_whole(upload)
    s3_place.store.finish(NAME, 100)
    check_whole(upload)


def test_what_lies_within_a_part_cannot_be_gone_back_to(s3_place: Place) -> None:
    s3_place.store.begin(NAME)
    append(s3_place, 0, 9 * MIB)

    with pytest.raises(OSError, match="cannot be cut at 1048576"):
        s3_place.store.append(NAME, MIB, is_provisional=False)
    append(s3_place, 9 * MIB, 10 * MIB)


def test_ten_thousand_parts_hold_the_largest_file() -> None:
    sizes = [part_bytes(number) for number in range(1, 10_001)]

    assert set(sizes[:5500]) == {8 * MIB}
    assert max(sizes) <= 5 * GIB
    assert sum(sizes) > 4000 * GIB
    with pytest.raises(OSError, match="no more than 10000 parts"):
        part_bytes(10_001)


def test_a_marker_says_the_same_when_it_is_read_again() -> None:
    marker = Marker(
        upload_id="id",
        tail=Span(start=100, length=7),
        undo=Span(start=50, length=3),
        skipped=frozenset({2, 3, 4, 9}),
    )

    assert Marker.from_metadata(marker.to_metadata(), marker.body_bytes) == marker


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_marker_has_room_for_all_parts_that_can_be_taken_back(step: int) -> None:
    marker = Marker(
        upload_id="i" * 256,
        tail=Span(start=5000 * GIB, length=5 * GIB),
        undo=Span(start=5000 * GIB, length=5 * GIB),
        skipped=frozenset(range(1, 10_001, step)),
    )

    metadata = marker.to_metadata()
    assert sum(map(len, [*metadata, *metadata.values()])) <= METADATA_MOST_BYTES
    assert all(value.isascii() and value.isprintable() for value in metadata.values())
    assert Marker.from_metadata(metadata, marker.body_bytes).skipped == marker.skipped


def test_parts_that_are_forgotten_are_skipped_with_what_was_skipped_between_them() -> None:
    marker = Marker(upload_id="id", tail=Span(start=30, length=2), skipped=frozenset({2, 3}))
    parts = [Part(1, 10, ""), Part(4, 10, ""), Part(5, 10, "")]
    kept = Kept(marker=marker, parts=parts, next_number=6)

    assert (kept.size_bytes, kept.find_span(20)) == (32, Span(start=20, length=0))
    assert kept.cut(Span(start=10, length=0)).skipped == {2, 3, 4, 5}


def test_whoever_has_lost_the_file_does_not_undo_what_its_new_owner_keeps(s3_place: Place) -> None:
    s3_place.store.begin(NAME)
    lost = s3_place.store.append(NAME, 0, is_provisional=False)
    lost.write(CONTENT[:MIB])
    append(s3_place, 0, 2 * MIB)

    with pytest.raises(StoreUnavailable):
        lost.close()

    assert s3_place.store.measure(NAME) == 2 * MIB
