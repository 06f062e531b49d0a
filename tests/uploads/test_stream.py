from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import pytest
from pytest_django import Settings

from processing.uploads import stream
from processing.uploads.store import open_stored
from processing.uploads.stores.folder import FolderStorage
from processing.uploads.stream import CHUNK_BYTES, stream_stored
from tests.service import wait_for
from tests.uploads.remote_folder import WideFolder, put_away

CONTENT = bytes(range(256)) * 1000
NAME = "results/a"
WAIT_SECONDS = 10
OVERTAKING_SECONDS = 0.3


@pytest.fixture(autouse=True)
def stored(store: Path) -> Path:
    (store / "results").mkdir(parents=True)
    (store / NAME).write_bytes(CONTENT)
    return store / NAME


@pytest.fixture(autouse=True)
def no_file_stays_open(stored: Path) -> Iterator[None]:
    yield
    assert str(stored) not in open_paths()


def open_paths() -> set[str]:
    descriptors = Path("/proc/self/fd")
    return {os.readlink(path) for path in descriptors.iterdir() if path.is_symlink()}


async def read_chunks(start: int = 0, length: int | None = None) -> list[bytes]:
    return [chunk async for chunk in stream_stored(NAME, start, length)]


def test_a_file_is_streamed_in_bounded_chunks() -> None:
    chunks = asyncio.run(read_chunks())

    assert b"".join(chunks) == CONTENT
    assert max(map(len, chunks)) == CHUNK_BYTES


@pytest.mark.parametrize(
    ("start", "length"),
    [(0, 0), (0, 1), (1000, None), (255_999, 1), (5, 200_000), (255_000, 5000), (999_999, 1)],
)
def test_a_range_of_a_file_is_streamed(start: int, length: int | None) -> None:
    end = None if length is None else start + length

    assert b"".join(asyncio.run(read_chunks(start, length))) == CONTENT[start:end]


def test_a_missing_file_is_an_error_at_the_first_chunk() -> None:
    with pytest.raises(FileNotFoundError):
        asyncio.run(anext(stream_stored("results/missing")))  # type: ignore[arg-type]


def test_a_reader_that_stops_early_closes_the_file(stored: Path) -> None:
    async def stop_early() -> None:
        async with aclosing(stream_stored(NAME)) as chunks:
            await anext(chunks)
            assert str(stored) in open_paths()
        assert str(stored) not in open_paths()

    asyncio.run(stop_early())


def test_a_stream_that_is_dropped_is_closed() -> None:
    async def drop() -> None:
        chunks = stream_stored(NAME)
        await anext(chunks)

    asyncio.run(drop())


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("kind", [FolderStorage, WideFolder])
def test_a_cancellation_while_the_file_is_opened_closes_it(
    settings: Settings,
    store: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: type[FolderStorage],
    times: int,
) -> None:
    put_away(settings, store, kind)
    is_reached, is_open, is_closing = threading.Event(), threading.Event(), threading.Event()
    close = stream._Reader.close

    def open_later(name: str) -> object:
        is_reached.set()
        assert is_open.wait(WAIT_SECONDS)
        return open_stored(name)

    async def cancel_while_opening() -> None:
        reading = asyncio.create_task(read_chunks())
        assert await asyncio.to_thread(is_reached.wait, WAIT_SECONDS)
        for _ in range(times):
            reading.cancel()
            await asyncio.sleep(0)
        # Where there is one thread, that comes to it only when the file is open.
        await asyncio.to_thread(is_closing.wait, OVERTAKING_SECONDS)
        is_open.set()
        await asyncio.wait([reading], timeout=WAIT_SECONDS)
        assert reading.cancelled()

    def note_and_close(reader: stream._Reader) -> None:
        is_closing.set()
        close(reader)

    monkeypatch.setattr(stream._Reader, "close", note_and_close)
    monkeypatch.setattr(stream, "open_stored", open_later)
    asyncio.run(cancel_while_opening())
    path = str(store / NAME)
    wait_for(lambda: path not in open_paths(), WAIT_SECONDS, "the file stays open")
