"""What /readyz says of a store that is a service of its own."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any, ClassVar

import pytest

from processing.uploads.stores.folder import FolderStorage
from processing.web import store_watch
from processing.web.store_watch import StoreWatch

WAIT_SECONDS = 10


class FarFolder(FolderStorage):
    """Tells its trouble when it is let."""

    thread_count: ClassVar[int] = 1
    let = threading.Event()
    question_count = 0

    def find_trouble(self) -> str:
        type(self).question_count += 1
        assert self.let.wait(WAIT_SECONDS)
        return "away"


@pytest.fixture
def far(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> type[FarFolder]:
    backend = f"{__name__}.FarFolder"
    uploads = {"BACKEND": backend, "OPTIONS": {"location": str(tmp_path)}}
    settings.STORAGES = {**settings.STORAGES, "uploads": uploads}
    monkeypatch.setattr(store_watch, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(FarFolder, "question_count", 0)
    FarFolder.let.clear()
    return FarFolder


def test_nothing_is_said_of_a_folder(folders: Path) -> None:
    assert asyncio.run(StoreWatch().describe()) == ""


def test_a_store_that_is_slow_is_asked_once_and_heard_later(far: type[FarFolder]) -> None:
    async def look() -> None:
        watch = StoreWatch()
        for _ in range(3):
            assert await watch.describe() == "degraded: no answer in 0.05 seconds"
        assert far.question_count == 1
        far.let.set()
        async with asyncio.timeout(WAIT_SECONDS):
            while await watch.describe() != "degraded: away":
                pass
        assert far.question_count == 1

    asyncio.run(look())


def test_it_is_asked_again_when_its_answer_is_old(
    far: type[FarFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_watch, "ASK_EVERY_SECONDS", 0)
    monkeypatch.setattr(store_watch, "LOOK_SECONDS", WAIT_SECONDS)
    far.let.set()

    async def look() -> None:
        watch = StoreWatch()
        assert [await watch.describe() for _ in range(2)] == ["degraded: away"] * 2

    asyncio.run(look())
    assert far.question_count == 2
