from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_django import Settings

from processing.errors import DiskFull
from processing.uploads import space
from processing.uploads.promises import promises
from processing.uploads.space import RECHECK_EVERY_BYTES, Elsewhere, promise_space
from processing.uploads.stores.folder import FolderStorage

SPOOL = "disk of the spool"
STORE = "disk of the store"
TOTAL = "UPLOAD_MAX_TOTAL_BYTES"


class Disks:
    """What the spool and the store find free; one disk, until they are two."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.spool_bytes = self.store_bytes = 0
        self.are_two = False
        disk = lambda path: SimpleNamespace(free=self.spool_bytes)  # noqa: E731
        monkeypatch.setattr(space.shutil, "disk_usage", disk)
        monkeypatch.setattr(FolderStorage, "find_free_bytes", lambda store: self.store_bytes)
        monkeypatch.setattr(space, "_is_one_disk", lambda spool, store: not self.are_two)

    def set_free(self, spool_bytes: int, store_bytes: int | None = None) -> None:
        self.are_two = store_bytes is not None
        self.spool_bytes, self.store_bytes = spool_bytes, store_bytes or 0


@pytest.fixture(autouse=True)
def disks(monkeypatch: pytest.MonkeyPatch) -> Disks:
    return Disks(monkeypatch)


def promise(expected_bytes: int | None, **elsewhere: int) -> Any:
    async def count() -> Elsewhere:
        return Elsewhere(**elsewhere)

    return promise_space(expected_bytes, count)


def run(expected_bytes: int | None, **elsewhere: int) -> None:
    """Promise so much and let it go."""

    async def make_promise() -> None:
        async with promise(expected_bytes, **elsewhere):
            pass

    asyncio.run(make_promise())


def check_refused(said: str, expected_bytes: int | None, **elsewhere: int) -> None:
    with pytest.raises(DiskFull, match=said):
        run(expected_bytes, **elsewhere)


@pytest.fixture(autouse=True)
def no_promise_is_left() -> Any:
    yield
    assert (promises.owed_bytes, promises.whole_bytes) == (0, 0)


def test_the_reserve_stays_free(settings: Settings, disks: Disks) -> None:
    settings.UPLOAD_MIN_FREE_BYTES = 300
    disks.set_free(1000)
    run(700)
    check_refused(f"300 bytes .UPLOAD_MIN_FREE_BYTES.*{SPOOL}", 701)


def test_what_running_uploads_have_yet_to_write_counts_as_taken(disks: Disks) -> None:
    disks.set_free(1000)

    async def upload() -> None:
        async with promise(600) as first:
            with pytest.raises(DiskFull, match=SPOOL):
                async with promise(401):
                    pytest.fail("not to be reached")
            await first.record_written(100)
            async with promise(500):
                pass

    asyncio.run(upload())
    run(1000)


def test_a_chunked_upload_looks_again_while_it_runs(settings: Settings, disks: Disks) -> None:
    settings.UPLOAD_MIN_FREE_BYTES = 300
    disks.set_free(1000)

    async def upload() -> None:
        async with promise(None) as running:
            disks.set_free(299)
            await running.record_written(RECHECK_EVERY_BYTES - 1)
            with pytest.raises(DiskFull):
                await running.record_written(1)

    asyncio.run(upload())


def test_a_promised_upload_keeps_its_room(disks: Disks) -> None:
    disks.set_free(4 * RECHECK_EVERY_BYTES)

    async def upload() -> int:
        async with promise(3 * RECHECK_EVERY_BYTES) as running:
            disks.set_free(0)
            for _ in range(3):
                await running.record_written(RECHECK_EVERY_BYTES)
            return int(running.owed_bytes)

    assert asyncio.run(upload()) == 0


def test_what_unfinished_uploads_have_yet_to_bring_counts_on_one_disk(disks: Disks) -> None:
    disks.set_free(1000)
    run(600, promised_bytes=400)
    check_refused(SPOOL, 601, promised_bytes=400)


def test_a_store_on_another_disk_must_have_room_as_well(disks: Disks) -> None:
    disks.set_free(1000, 500)
    run(500)
    check_refused(STORE, 501)
    disks.set_free(500, 1000)
    check_refused(SPOOL, 501)


def test_what_unfinished_uploads_bring_goes_to_the_store_alone(disks: Disks) -> None:
    disks.set_free(600, 1000)
    run(600, promised_bytes=400)
    check_refused(STORE, 600, promised_bytes=401)


def test_what_was_received_has_yet_to_get_to_a_store_on_another_disk(disks: Disks) -> None:
    disks.set_free(1000, 1000)

    async def upload() -> None:
        async with promise(600) as first:
            await first.record_written(600)
            disks.set_free(400, 1000)
            with pytest.raises(DiskFull, match=STORE):
                async with promise(401):
                    pytest.fail("not to be reached")

    asyncio.run(upload())


def test_a_store_of_which_nobody_can_tell_is_not_asked_for(
    monkeypatch: pytest.MonkeyPatch, disks: Disks
) -> None:
    monkeypatch.setattr(FolderStorage, "find_free_bytes", lambda store: None)
    disks.set_free(1000, 0)
    run(1000)


def test_all_that_is_kept_has_a_bound(settings: Settings, disks: Disks) -> None:
    settings.UPLOAD_MAX_TOTAL_BYTES = 1000
    disks.set_free(10**9)
    run(600, kept_bytes=400)
    check_refused(f"1001 bytes would be kept, more than 1000 .{TOTAL}", 601, kept_bytes=400)


def test_a_chunked_upload_that_passes_the_bound_is_cut(settings: Settings, disks: Disks) -> None:
    settings.UPLOAD_MAX_TOTAL_BYTES = RECHECK_EVERY_BYTES
    disks.set_free(10**9)

    async def upload() -> None:
        async with promise(None, kept_bytes=1) as running:
            with pytest.raises(DiskFull, match=TOTAL):
                await running.record_written(RECHECK_EVERY_BYTES)

    asyncio.run(upload())


def test_two_folders_tell_whether_they_are_one_disk(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, small_disk: Path
) -> None:
    monkeypatch.undo()
    assert space._is_one_disk(tmp_path, FolderStorage(tmp_path / "new" / "store"))
    assert not space._is_one_disk(tmp_path, FolderStorage(small_disk / "store"))
