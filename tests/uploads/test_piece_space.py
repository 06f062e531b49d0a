"""What is promised for bytes that go straight to the store."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_django import Settings

from processing.errors import DiskFull
from processing.uploads import space
from processing.uploads.promises import promises
from processing.uploads.space import RECHECK_EVERY_BYTES, Elsewhere, promise_piece
from processing.uploads.stores.folder import FolderStorage

MIB = 1024 * 1024
PART_BYTES = 8 * MIB


class Disk:
    """The disk of the spool, and a store of which nobody can tell how full it is.

    The store has a provisional piece on the spool, and of others a part.
    """

    free_bytes = 0


@pytest.fixture(autouse=True)
def disk(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[Disk]:
    disk = Disk()
    usage = lambda path: SimpleNamespace(free=disk.free_bytes)  # noqa: E731
    monkeypatch.setattr(space.shutil, "disk_usage", usage)
    monkeypatch.setattr(space, "_is_one_disk", lambda spool, store: False)
    monkeypatch.setattr(FolderStorage, "find_free_bytes", lambda store: None)

    def find(store: object, offset: int, size_bytes: int | None, *, is_provisional: bool) -> int:
        known_bytes = PART_BYTES if size_bytes is None else size_bytes
        return known_bytes if is_provisional else min(known_bytes, PART_BYTES)

    monkeypatch.setattr(FolderStorage, "find_spool_bytes", find)
    settings.UPLOAD_MIN_FREE_BYTES = 0
    yield disk
    assert (promises.owed_bytes, promises.whole_bytes) == (0, 0)


def promise(size_bytes: int | None, *, kept_bytes: int = 0, **piece: bool) -> Any:
    async def count() -> Elsewhere:
        return Elsewhere(kept_bytes=kept_bytes)

    return promise_piece(0, size_bytes, count, **piece)


def run(size_bytes: int | None, **given: Any) -> None:
    async def make_promise() -> None:
        async with promise(size_bytes, **given):
            pass

    asyncio.run(make_promise())


def test_a_new_upload_asks_for_what_is_on_the_spool_at_once(disk: Disk) -> None:
    disk.free_bytes = PART_BYTES
    run(100 * PART_BYTES)
    disk.free_bytes -= 1
    with pytest.raises(DiskFull, match="disk of the spool"):
        run(100 * PART_BYTES)
    run(PART_BYTES - 1)


def test_a_store_on_the_disk_of_the_spool_takes_all_of_it(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(space, "_is_one_disk", lambda spool, store: True)
    disk.free_bytes = 2 * PART_BYTES
    run(2 * PART_BYTES)
    with pytest.raises(DiskFull):
        run(2 * PART_BYTES + 1)


def test_what_a_piece_has_on_the_spool_is_promised_until_it_ends(disk: Disk) -> None:
    disk.free_bytes = 5 * PART_BYTES

    async def send_both() -> None:
        async with promise(4 * PART_BYTES, is_known=True, is_provisional=True) as first:
            with pytest.raises(DiskFull):
                await promise(2 * PART_BYTES, is_known=True, is_provisional=True).__aenter__()
            await first.record_written(3 * PART_BYTES)
            disk.free_bytes -= 3 * PART_BYTES  # they lie there
            async with promise(PART_BYTES, is_known=True, is_provisional=True):
                pass

    asyncio.run(send_both())


def test_what_only_passes_through_stays_promised(disk: Disk) -> None:
    disk.free_bytes = 2 * PART_BYTES

    async def send() -> None:
        async with promise(10 * PART_BYTES, is_known=True) as running:
            await running.record_written(10 * PART_BYTES)
            assert promises.owed_bytes == PART_BYTES

    asyncio.run(send())


def test_a_known_upload_counts_in_the_database_already(disk: Disk, settings: Settings) -> None:
    settings.UPLOAD_MAX_TOTAL_BYTES = 1000
    disk.free_bytes = 10**6

    async def send() -> None:
        async with promise(500, kept_bytes=1000, is_known=True) as running:
            assert promises.whole_bytes == 0
            await running.record_written(600)
            assert promises.whole_bytes == 0

    asyncio.run(send())
    with pytest.raises(DiskFull, match="UPLOAD_MAX_TOTAL_BYTES"):
        run(1, kept_bytes=1000)


def test_a_known_upload_of_a_store_without_need_of_the_spool_is_promised_nothing(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(FolderStorage, "find_spool_bytes", lambda *_, **__: 0)
    settings.UPLOAD_MIN_FREE_BYTES = 10**18

    async def send() -> None:
        async with promise(500, is_known=True) as nothing:
            assert nothing is None

    asyncio.run(send())


def test_a_piece_of_unknown_size_looks_again_while_it_comes(disk: Disk) -> None:
    disk.free_bytes = PART_BYTES

    async def send() -> None:
        async with promise(None, is_known=True, is_provisional=True) as running:
            await running.record_written(RECHECK_EVERY_BYTES - 1)
            disk.free_bytes = -1
            with pytest.raises(DiskFull):
                await running.record_written(1)

    asyncio.run(send())
