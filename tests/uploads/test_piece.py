"""PieceWriter: blocks go to the store in order, and none is left out however it ends."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from processing.errors import DiskFull
from processing.uploads.digest import ResumableDigest
from processing.uploads.piece import PieceWriter, Place
from processing.uploads.space import Demand, SpacePromise, count_nothing
from processing.uploads.store import get_store
from processing.uploads.stores.folder import FolderAppender
from processing.uploads.writer import BLOCK_BYTES

NAME = "sources/ab/abcdef"
CONTENT = bytes(number % 251 for number in range(1_000_000))
WAIT_SECONDS = 10


@pytest.fixture(autouse=True)
def begun(folders: Path) -> None:
    """An unfinished file of 10 bytes."""
    get_store().begin(NAME)
    appender = get_store().append(NAME, 0, is_provisional=False)
    appender.write(CONTENT[:10])
    appender.close()


def make_writer(
    *,
    is_provisional: bool = False,
    is_lost: Callable[[], bool] = lambda: False,
    promise: SpacePromise | None = None,
    checksum: Any = None,
) -> tuple[PieceWriter, ResumableDigest]:
    digest = ResumableDigest.from_state(None)
    digest.update(CONTENT[:10], 0)
    place = Place(stored_name=NAME, offset=10, is_lost=is_lost, is_provisional=is_provisional)
    return PieceWriter(place, digest, promise, checksum), digest


def read_file() -> bytes:
    with get_store().open_stream(NAME) as file:
        return file.read()


def record_writes(monkeypatch: pytest.MonkeyPatch, before: Callable[[bytes], None]) -> None:
    original = FolderAppender.write

    def write(self: FolderAppender, block: bytes) -> None:
        before(block)
        original(self, block)

    monkeypatch.setattr(FolderAppender, "write", write)


async def write_until_full(writer: PieceWriter) -> int:
    async def write() -> None:
        for start in range(10, len(CONTENT), 100_000):
            await writer.write(CONTENT[start : start + 100_000])

    with pytest.raises(DiskFull):
        await write()
    return await writer.close()


@pytest.mark.parametrize("chunk_bytes", [1000, 65_536, 70_000, 262_144])
def test_all_is_written_and_hashed_in_order(
    monkeypatch: pytest.MonkeyPatch, chunk_bytes: int
) -> None:
    sizes: list[int] = []
    record_writes(monkeypatch, lambda block: sizes.append(len(block)))
    checksum = hashlib.sha1()
    writer, digest = make_writer(checksum=checksum)

    async def write() -> int:
        for start in range(10, len(CONTENT), chunk_bytes):
            await writer.write(CONTENT[start : start + chunk_bytes])
        await writer.flush()
        return await writer.close()

    assert asyncio.run(write()) == writer.offset == len(CONTENT)
    assert read_file() == CONTENT
    assert digest.hexdigest() == hashlib.sha256(CONTENT).hexdigest()
    assert checksum.digest() == hashlib.sha1(CONTENT[10:]).digest()
    assert min(sizes[:-1]) >= BLOCK_BYTES


def test_an_empty_piece_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FolderAppender, "__init__", pytest.fail)
    writer, _ = make_writer()

    async def write() -> int:
        await writer.flush()
        return await writer.close()

    assert asyncio.run(write()) == 10


def test_who_is_cancelled_during_a_write_loses_no_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    may_write, is_writing = threading.Event(), threading.Event()

    def wait(block: bytes) -> None:
        is_writing.set()
        assert may_write.wait(WAIT_SECONDS)

    record_writes(monkeypatch, wait)
    writer, digest = make_writer()

    async def write_and_cancel() -> int:
        async def write() -> None:
            for start in range(10, len(CONTENT), 50_000):
                await writer.write(CONTENT[start : start + 50_000])

        writing = asyncio.create_task(write())
        await asyncio.to_thread(is_writing.wait, WAIT_SECONDS)
        writing.cancel()
        await asyncio.wait({writing})
        assert writing.cancelled()
        may_write.set()
        return await writer.close()

    kept_bytes = asyncio.run(write_and_cancel())
    assert kept_bytes == 10 + 300_000  # two blocks in the store's hands, one full, waiting
    assert read_file() == CONTENT[:kept_bytes]
    assert digest.offset == kept_bytes


def test_behind_a_block_that_found_no_room_nothing_is_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    count = 0

    def fail_once(block: bytes) -> None:
        nonlocal count
        count += 1
        if count == 3:
            raise DiskFull

    record_writes(monkeypatch, fail_once)
    writer, digest = make_writer()

    assert asyncio.run(write_until_full(writer)) == digest.offset == 200_010
    assert read_file() == CONTENT[:200_010]


def test_room_that_was_not_promised_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr("processing.uploads.space.RECHECK_EVERY_BYTES", 300_000)
    settings.UPLOAD_MIN_FREE_BYTES = 10**18
    promise = SpacePromise(Demand(expected_bytes=None, spool_bytes=0), count_nothing)
    writer, _ = make_writer(promise=promise)

    kept_bytes = asyncio.run(write_until_full(writer))
    promise.end()
    assert read_file() == CONTENT[:kept_bytes]
    assert kept_bytes < len(CONTENT)


@pytest.mark.parametrize("is_provisional", [False, True])
def test_what_is_abandoned_never_was(is_provisional: bool) -> None:
    writer, _ = make_writer(is_provisional=is_provisional)

    async def write() -> None:
        await writer.write(CONTENT[10:])
        await writer.abandon()

    asyncio.run(write())
    assert writer.offset == 10
    assert read_file() == CONTENT[:10]


def test_what_is_dropped_is_not_sent_any_more() -> None:
    writer, _ = make_writer()

    async def write() -> int:
        await writer.write(CONTENT[10:100_000])
        await writer.write(b"gathered")
        return await writer.drop()

    assert asyncio.run(write()) == 100_000
    assert read_file() == CONTENT[:100_000]


def test_what_the_store_cannot_keep_in_the_end_was_not_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(self: FolderAppender) -> int:
        raise DiskFull

    monkeypatch.setattr(FolderAppender, "close", fail)
    writer, _ = make_writer()

    async def write() -> None:
        await writer.write(CONTENT[10:100_000])
        await writer.close()

    with pytest.raises(DiskFull):
        asyncio.run(write())
    assert writer.offset == 10
