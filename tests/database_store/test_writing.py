"""Rows of a stored file: one writer at a time, steps that are short, and what a crash leaves."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from processing.database_store import writing
from processing.database_store.storage import DatabaseStorage
from processing.models import DatabaseChunk, DatabaseFile
from processing.models.database_file import CHUNK_BYTES

pytestmark = pytest.mark.django_db

NAME = "sources/ab/abc"
MANY_CHUNKS = 3 * writing.BATCH_CHUNKS + 1


@pytest.fixture
def store() -> DatabaseStorage:
    return DatabaseStorage()


def write(store: DatabaseStorage, size_bytes: int, offset: int = 0) -> None:
    appender = store.append(NAME, offset, is_provisional=False)
    appender.write(b"x" * size_bytes)
    appender.close()


def read_rows() -> list[tuple[int, int]]:
    """Where each chunk starts and how long it is."""
    chunks = DatabaseChunk.objects.order_by("start").values_list("start", "data")
    return [(start, len(data)) for start, data in chunks]


def test_small_blocks_are_gathered_into_full_rows(store: DatabaseStorage) -> None:
    store.begin(NAME)
    appender = store.append(NAME, 0, is_provisional=False)
    for _ in range(600):
        appender.write(b"x" * 1000)
    appender.close()

    ends = [CHUNK_BYTES, CHUNK_BYTES, 600_000 - 2 * CHUNK_BYTES]
    assert read_rows() == [(number * CHUNK_BYTES, size) for number, size in enumerate(ends)]


def test_each_row_is_in_a_transaction_of_its_own(store: DatabaseStorage) -> None:
    store.begin(NAME)
    appender = store.append(NAME, 0, is_provisional=False)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        appender.write(b"x" * 3 * CHUNK_BYTES)

    begun = [query for query in queries if query["sql"].startswith("SAVEPOINT")]
    assert len(begun) == 3  # the test itself is the transaction here
    assert store.measure(NAME) == 3 * CHUNK_BYTES


def test_a_second_writer_ends_the_first(store: DatabaseStorage) -> None:
    store.begin(NAME)
    first = store.append(NAME, 0, is_provisional=False)
    first.write(b"1" * CHUNK_BYTES)
    second = store.append(NAME, CHUNK_BYTES, is_provisional=False)

    with pytest.raises(OSError, match="another writer"):
        first.write(b"1" * CHUNK_BYTES)
    assert first.close() == CHUNK_BYTES
    second.write(b"2" * CHUNK_BYTES)
    with pytest.raises(OSError, match="another writer"):
        first.abandon()

    store.finish(NAME, second.close())
    assert store.open_stream(NAME).read() == b"1" * CHUNK_BYTES + b"2" * CHUNK_BYTES


def test_a_writer_that_wrote_nothing_yet_is_ended_too(store: DatabaseStorage) -> None:
    store.begin(NAME)
    first = store.append(NAME, 0, is_provisional=False)
    store.append(NAME, 0, is_provisional=False)

    with pytest.raises(OSError, match="another writer"):
        first.write(b"1" * CHUNK_BYTES)
    assert store.measure(NAME) == 0


@pytest.mark.parametrize("end", ["finish", "delete"])
def test_the_end_of_a_file_ends_its_writer(store: DatabaseStorage, end: str) -> None:
    store.begin(NAME)
    late = store.append(NAME, 0, is_provisional=False)
    if end == "finish":
        store.finish(NAME, 0)
    else:
        store.delete(NAME)

    with pytest.raises(OSError, match="another writer"):
        late.write(b"x" * CHUNK_BYTES)
    assert not DatabaseChunk.objects.exists()


def test_a_finished_file_takes_no_more(store: DatabaseStorage) -> None:
    store.begin(NAME)
    write(store, 10)
    store.finish(NAME, 10)

    with pytest.raises(OSError, match="finished"):
        store.append(NAME, 10, is_provisional=False)


def test_a_file_is_finished_with_all_its_bytes_or_not_at_all(store: DatabaseStorage) -> None:
    store.begin(NAME)
    write(store, 10)

    with pytest.raises(OSError, match="10 bytes, not 11"):
        store.finish(NAME, 11)
    assert not DatabaseFile.objects.get().is_finished


def test_two_chunks_never_begin_at_the_same_byte(store: DatabaseStorage) -> None:
    store.begin(NAME)
    write(store, 10)

    with pytest.raises(IntegrityError), transaction.atomic():
        DatabaseChunk.objects.create(file=DatabaseFile.objects.get(), start=0, data=b"x")


def test_after_a_failed_write_what_came_before_is_kept(
    store: DatabaseStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.begin(NAME)
    appender = store.append(NAME, 0, is_provisional=False)
    appender.write(b"1" * CHUNK_BYTES + b"2")
    monkeypatch.setattr(writing, "insert_chunk", lambda *columns: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        appender.write(b"2" * CHUNK_BYTES)

    with pytest.raises(ValueError, match="closed"):
        appender.write(b"3")
    assert appender.close() == store.measure(NAME) == CHUNK_BYTES


def test_removing_goes_in_batches(store: DatabaseStorage) -> None:
    store.begin(NAME)
    fill(MANY_CHUNKS)
    with CaptureQueriesContext(connection) as queries:
        store.delete(NAME)

    deletions = [query for query in queries if query["sql"].startswith("DELETE")]
    chunk_deletions = [query for query in deletions if "databasechunk" in query["sql"]]
    assert len(chunk_deletions) >= MANY_CHUNKS // writing.BATCH_CHUNKS
    assert not [query for query in queries if '"data"' in query["sql"]], "no byte is read for it"
    assert not DatabaseChunk.objects.exists()
    assert not DatabaseFile.objects.exists()


def test_a_removal_is_many_calls_that_are_short_each(store: DatabaseStorage) -> None:
    store.begin(NAME)
    fill(MANY_CHUNKS)
    store.finish(NAME, MANY_CHUNKS)

    calls = 1
    while store.delete_some(NAME):
        assert DatabaseChunk.objects.count() == MANY_CHUNKS - calls * writing.BATCH_CHUNKS
        assert not DatabaseFile.objects.get().is_finished
        assert store.open_stream(NAME).read() == b""
        calls += 1

    assert calls == MANY_CHUNKS // writing.BATCH_CHUNKS + 1
    assert not DatabaseFile.objects.exists()


@pytest.mark.parametrize(
    "remove",
    [
        lambda store: store.delete(NAME),
        lambda store: store.append(NAME, 0, is_provisional=False),
    ],
)
def test_what_a_removal_that_was_cut_short_leaves_is_no_part_of_the_file(
    store: DatabaseStorage,
    monkeypatch: pytest.MonkeyPatch,
    remove: Callable[[DatabaseStorage], None],
) -> None:
    store.begin(NAME)
    fill(MANY_CHUNKS)
    with monkeypatch.context() as broken:
        broken.setattr(writing, "_delete_some", lambda chunks: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            remove(store)

    assert store.measure(NAME) == 0
    assert store.open_stream(NAME).read() == b""
    assert [entry.size_bytes for entry in store.iter_files()] == [0]
    write(store, 10)
    assert (read_rows(), store.open_stream(NAME).read()) == ([(0, 10)], b"x" * 10)


def fill(count: int) -> None:
    """Give the one file so many chunks of a byte."""
    file = DatabaseFile.objects.get()
    DatabaseChunk.objects.bulk_create(
        DatabaseChunk(file=file, start=start, data=b"x") for start in range(count)
    )
    DatabaseFile.objects.update(size_bytes=count)


def test_a_save_that_fails_leaves_nothing(store: DatabaseStorage) -> None:
    class Torn(ContentFile):  # type: ignore[type-arg]
        def chunks(self, chunk_size: int | None = None):  # type: ignore[no-untyped-def]
            yield b"x" * 2 * CHUNK_BYTES
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        store.save(NAME, Torn(b""))
    assert not DatabaseFile.objects.exists()
    assert not DatabaseChunk.objects.exists()


def test_a_file_that_is_removed_under_a_reader_is_told(store: DatabaseStorage) -> None:
    store.save(NAME, ContentFile(b"x" * 3 * CHUNK_BYTES))
    stream = store.open_stream(NAME)
    stream.read(10)
    store.delete(NAME)

    with pytest.raises(FileNotFoundError):
        stream.read()


def test_more_files_than_are_listed_at_once(
    store: DatabaseStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("processing.database_store.storage.BATCH_FILES", 3)
    names = {f"sources/{number}" for number in range(10)}
    for name in names:
        store.begin(name)

    assert {entry.name for entry in store.iter_files()} == names
    for entry in store.iter_files():
        store.delete(entry.name)
    assert not DatabaseFile.objects.exists()
