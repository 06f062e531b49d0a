"""A spool and a store of its own for every test, and a disk that is soon full."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.small_disk import mount_small_disk

MIB = 1024 * 1024


@pytest.fixture(autouse=True)
def spool(settings: Settings, tmp_path: Path) -> Path:
    settings.UPLOAD_SPOOL_DIR = tmp_path / "spool"
    settings.UPLOAD_MAX_BYTES = 64 * MIB
    settings.UPLOAD_MAX_CONCURRENT = 3
    settings.UPLOAD_MIN_FREE_BYTES = 0
    return tmp_path / "spool"


@pytest.fixture(autouse=True)
def store(settings: Settings, tmp_path: Path) -> Path:
    place_store(settings, tmp_path / "store")
    return tmp_path / "store"


def place_store(settings: Settings, location: Path) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "uploads": {
            "BACKEND": "processing.uploads.stores.folder.FolderStorage",
            "OPTIONS": {"location": str(location)},
        },
    }


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    with mount_small_disk(tmp_path / "small-disk", MIB) as disk:
        yield disk


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
