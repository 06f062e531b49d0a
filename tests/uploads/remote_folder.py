"""A folder that is worked on as if it were far away."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pytest_django import Settings

from processing.uploads.stores.folder import FolderStorage


class RemoteFolder(FolderStorage):
    """A store with one thread of its own, which takes files bit by bit alone."""

    thread_count: ClassVar[int] = 1
    keeps_whole: ClassVar[bool] = False


class WideFolder(FolderStorage):
    """A store with three threads of its own."""

    thread_count: ClassVar[int] = 3
    keeps_whole: ClassVar[bool] = False


def put_away(settings: Settings, location: Path, kind: type[FolderStorage] = RemoteFolder) -> None:
    """Make such a folder the store."""
    settings.STORAGES = {
        **settings.STORAGES,
        "uploads": {
            "BACKEND": f"{kind.__module__}.{kind.__qualname__}",
            "OPTIONS": {"location": str(location)},
        },
    }
