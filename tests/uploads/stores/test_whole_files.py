"""What every store does with whole files."""

from __future__ import annotations

import time

import pytest
from django.core.files.base import ContentFile

from processing.uploads.store import ResultSink, open_stored
from tests.uploads.stores.conftest import Place, make_pattern

CHUNK_BYTES = 256 * 1024
CLOCK_SECONDS = 60


@pytest.mark.parametrize(
    "size_bytes", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 1_000_003]
)
def test_what_is_saved_is_read_again(place: Place, size_bytes: int) -> None:
    content = make_pattern(size_bytes)

    name = place.store.save("sources/ab/abc", ContentFile(content))

    assert name == "sources/ab/abc"
    assert place.read(name) == content
    assert place.store.size(name) == size_bytes


def test_a_name_that_is_taken_leads_to_another(place: Place) -> None:
    first = place.store.save("results/ab/abc", ContentFile(b"first"))
    second = place.store.save(place.store.get_available_name(first), ContentFile(b"second"))

    assert (place.read(first), place.read(second)) == (b"first", b"second")
    assert second.startswith("results/ab/abc_")


def test_saving_never_replaces_a_file(place: Place) -> None:
    names = [place.store.save("results/a", ContentFile(content)) for content in (b"1", b"2")]

    assert [place.read(name) for name in names] == [b"1", b"2"]


def test_a_missing_file_is_told(place: Place) -> None:
    with pytest.raises(FileNotFoundError):
        place.store.open_stream("sources/ab/missing")
    with pytest.raises(FileNotFoundError):
        place.store.size("sources/ab/missing")
    with pytest.raises(FileNotFoundError):
        place.store.measure("sources/ab/missing")
    with pytest.raises(FileNotFoundError):
        place.store.append("sources/ab/missing", 0, is_provisional=False)


def test_a_deleted_file_is_gone_and_deleting_it_again_is_success(place: Place) -> None:
    place.write("sources/ab/abc", make_pattern(20 * CHUNK_BYTES))
    place.write("sources/ab/abd", b"another")

    place.store.delete("sources/ab/abc")
    place.store.delete("sources/ab/abc")

    assert place.names() == ["sources/ab/abd"]
    with pytest.raises(FileNotFoundError):
        place.store.open_stream("sources/ab/abc")
    place.write("sources/ab/abc", b"again")
    assert place.read("sources/ab/abc") == b"again"


def test_every_file_is_listed_with_its_size_and_age(place: Place) -> None:
    place.write("sources/ab/abc", b"12345")
    place.store.save("results/cd/cde", ContentFile(b"1234567"))

    entries = {entry.name: entry for entry in place.store.iter_files()}

    sizes = {name: entry.size_bytes for name, entry in entries.items()}
    assert sizes == {"sources/ab/abc": 5, "results/cd/cde": 7}
    for entry in entries.values():
        assert abs(entry.modified_at - time.time()) < CLOCK_SECONDS


def test_an_empty_store_lists_nothing(place: Place) -> None:
    assert place.names() == []


def test_the_room_that_is_left_is_a_number_or_unknown(place: Place) -> None:
    free_bytes = place.store.find_free_bytes()

    assert free_bytes is None or free_bytes > 0


def test_a_job_writes_its_result_into_it(place: Place) -> None:
    content = make_pattern(700_000)
    with ResultSink() as sink:
        for start in range(0, len(content), 50_000):
            sink.write(content[start : start + 50_000])
        stored = sink.commit("results/ab/abc-1")

    assert stored is not None
    assert stored.size_bytes == len(content)
    with open_stored(stored.name) as stream:
        assert stream.read() == content
    assert not list(place.folder.rglob("*.part"))
