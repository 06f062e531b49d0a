"""A finished upload moves into a store that is no folder of this machine."""

from __future__ import annotations

import asyncio
import errno
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django import Settings

from processing.errors import DiskFull
from processing.uploads import keeping
from processing.uploads.handler import SpooledFile
from processing.uploads.keeping import BLOCK_BYTES, WHOLE_BYTES, keep_spooled
from processing.uploads.store_threads import on_store_thread
from processing.uploads.stores.folder import FolderAppender, FolderStorage
from tests.uploads.bodies import file_part, form, receive
from tests.uploads.conftest import files_below
from tests.uploads.remote_folder import RemoteFolder, WideFolder, put_away
from tests.uploads.stores.conftest import make_pattern, show_descriptors

LARGE_BYTES = WHOLE_BYTES + 2 * BLOCK_BYTES + 1
WAIT_SECONDS = 10
OVERTAKING_SECONDS = 0.3

Write = Callable[[FolderAppender, bytes], None]


@pytest.fixture
def remote(settings: Settings, store: Path) -> Path:
    put_away(settings, store)
    return store


async def keep(content: bytes) -> tuple[SpooledFile, str]:
    spooled = await receive(form(file_part(content)))
    return spooled, await keep_spooled(spooled)


def change_writing(monkeypatch: pytest.MonkeyPatch, change: Callable[[Write], Write]) -> None:
    monkeypatch.setattr(FolderAppender, "write", change(FolderAppender.write))


@pytest.mark.parametrize("size_bytes", [0, 10, WHOLE_BYTES, WHOLE_BYTES + 1, LARGE_BYTES])
def test_it_is_kept_under_a_name_of_its_own(remote: Path, spool: Path, size_bytes: int) -> None:
    content = make_pattern(size_bytes)

    spooled, name = asyncio.run(keep(content))

    assert (remote / name).read_bytes() == content
    assert [remote / name] == files_below(remote)
    assert files_below(spool) == []
    assert spooled.closed


def test_into_a_folder_it_is_moved_at_once(
    store: Path, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_writing(monkeypatch, lambda write: lambda appender, block: pytest.fail("it was copied"))

    _, name = asyncio.run(keep(make_pattern(LARGE_BYTES)))

    assert files_below(store) == [store / name]
    assert files_below(spool) == []


def test_others_have_the_thread_between_two_blocks(
    remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []

    def note(write: Write) -> Write:
        def write_and_note(appender: FolderAppender, block: bytes) -> None:
            order.append("block")
            write(appender, block)

        return write_and_note

    async def keep_beside() -> None:
        task = asyncio.create_task(keep(make_pattern(LARGE_BYTES)))
        while not task.done():
            await on_store_thread(order.append, "other")
            await asyncio.sleep(0)

    change_writing(monkeypatch, note)
    asyncio.run(keep_beside())

    first, last = order.index("block"), len(order) - 1 - order[::-1].index("block")
    assert order.count("block") == LARGE_BYTES // BLOCK_BYTES + 1
    assert "other" in order[first:last]


def test_a_store_without_room_is_told_and_nothing_is_left(
    remote: Path, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill_up(write: Write) -> Write:
        blocks: list[int] = []

        def write_some(appender: FolderAppender, block: bytes) -> None:
            blocks.append(len(block))
            if len(blocks) > 2:
                raise DiskFull from OSError(errno.ENOSPC, "full")
            write(appender, block)

        return write_some

    change_writing(monkeypatch, fill_up)
    with pytest.raises(DiskFull):
        asyncio.run(keep(make_pattern(LARGE_BYTES)))

    assert files_below(remote) == []
    assert files_below(spool) == []


class Stall:
    """A method that waits before it does its work; and whether undoing has begun and ended."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, owner: type, method: str) -> None:
        self.is_reached, self.is_free, self.is_done = (threading.Event() for _ in range(3))
        self.is_undoing, self.is_undone = threading.Event(), threading.Event()
        self._original, self._undo = getattr(owner, method), keeping._Move.undo
        monkeypatch.setattr(owner, method, lambda *arguments: self._wait_and_work(*arguments))
        monkeypatch.setattr(keeping._Move, "undo", lambda move: self._note_and_undo(move))

    def _wait_and_work(self, *arguments: object) -> None:
        self.is_reached.set()
        assert self.is_free.wait(WAIT_SECONDS)
        try:
            self._original(*arguments)
        finally:
            self.is_done.set()

    def _note_and_undo(self, move: keeping._Move) -> None:
        self.is_undoing.set()
        self._undo(move)
        self.is_undone.set()


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("kind", [RemoteFolder, WideFolder])
@pytest.mark.parametrize(("owner", "method"), [(FolderStorage, "begin"), (FolderAppender, "write")])
def test_a_cancellation_in_the_middle_of_a_step_leaves_nothing(
    settings: Settings,
    store: Path,
    spool: Path,
    monkeypatch: pytest.MonkeyPatch,
    owner: type,
    method: str,
    kind: type[FolderStorage],
    times: int,
) -> None:
    put_away(settings, store, kind)
    stall = Stall(monkeypatch, owner, method)

    async def cancel_while_moving() -> None:
        task = asyncio.create_task(keep(make_pattern(LARGE_BYTES)))
        assert await asyncio.to_thread(stall.is_reached.wait, WAIT_SECONDS)
        for _ in range(times):
            task.cancel()
            await asyncio.sleep(0)
        # Where the store has one thread, that comes to it only when the step is done.
        await asyncio.to_thread(stall.is_undoing.wait, OVERTAKING_SECONDS)
        stall.is_free.set()
        await asyncio.wait([task], timeout=WAIT_SECONDS)
        assert task.cancelled()

    asyncio.run(cancel_while_moving())

    assert stall.is_done.wait(WAIT_SECONDS)
    assert stall.is_undone.wait(WAIT_SECONDS)
    assert files_below(store) == files_below(spool) == []
    assert not [path for path in show_descriptors() if str(spool.parent) in path]


def test_what_cannot_be_removed_again_is_left_to_the_sweep(
    remote: Path, spool: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*arguments: object) -> None:
        raise OSError("the store is away")

    change_writing(monkeypatch, lambda write: fail)
    monkeypatch.setattr("tests.uploads.remote_folder.RemoteFolder.delete", fail)
    with pytest.raises(OSError, match="the store is away"):
        asyncio.run(keep(make_pattern(LARGE_BYTES)))

    assert files_below(spool) == []
    assert "is left to the sweep" in caplog.text
