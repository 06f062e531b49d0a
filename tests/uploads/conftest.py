"""A spool and a store of its own for every test, and a disk that is soon full."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.needs import give_up

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
            "BACKEND": "processing.uploads.store.FolderStorage",
            "OPTIONS": {"location": str(location)},
        },
    }


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    mount_point = tmp_path / "small-disk"
    mount_point.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(mount_point)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        give_up(f"a small tmpfs cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield mount_point
    finally:
        subprocess.run(["umount", "--lazy", str(mount_point)], check=True)


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
