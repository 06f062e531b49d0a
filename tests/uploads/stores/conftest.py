"""Every kind of store, for tests that each of them has to pass."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pytest_django import Settings

from processing.uploads.store import get_store
from processing.uploads.stores.interface import UploadStore
from project.upload_storage import describe_storage
from tests.cluster import make_cluster_environment
from tests.s3_server import S3Server


@dataclass(frozen=True, kw_only=True)
class Place:
    """A store to test, and how another process gets to it."""

    url: str
    folder: Path
    """For files of the test."""

    environment: dict[str, str] = field(default_factory=dict)
    """What a process needs beside UPLOAD_STORAGE_URL."""

    @property
    def store(self) -> UploadStore:
        return get_store()

    def make_environment(self) -> dict[str, str]:
        return make_cluster_environment(
            self.folder, UPLOAD_STORAGE_URL=self.url, **self.environment
        )

    def write(self, name: str, content: bytes) -> None:
        """Make a finished file, as an upload that came bit by bit does it."""
        self.store.begin(name)
        appender = self.store.append(name, 0, is_provisional=False)
        appender.write(content)
        self.store.finish(name, appender.close())

    def read(self, name: str) -> bytes:
        with self.store.open_stream(name) as stream:
            return stream.read()

    def names(self) -> list[str]:
        return sorted(entry.name for entry in self.store.iter_files())


@pytest.fixture(params=["folder", "database", "s3"])
def place(request: pytest.FixtureRequest, db: None) -> Place:
    """Each kind of store in turn, empty. Where another process uses it, a test needs a database
    with transactions too."""
    made: Place = request.getfixturevalue(f"{request.param}_place")
    return made


@pytest.fixture
def folder_place(settings: Settings, tmp_path: Path) -> Place:
    return put_store(settings, f"file://{tmp_path / 'store'}", tmp_path)


@pytest.fixture
def database_place(settings: Settings, tmp_path: Path) -> Place:
    return put_store(settings, "database:", tmp_path)


@pytest.fixture
def s3_place(
    settings: Settings,
    tmp_path: Path,
    transactional_db: None,
    s3_server: S3Server,
    monkeypatch: pytest.MonkeyPatch,
) -> Place:
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    url = f"s3://{s3_server.make_bucket()}/a/prefix"
    return put_store(settings, url, tmp_path, **s3_server.environment)


def put_store(settings: Settings, url: str, folder: Path, **environment: str) -> Place:
    """Have this process use the store of that URL, and others that are given `environment`."""
    entry = describe_storage(url, folder / "store")
    settings.STORAGES = {**settings.STORAGES, "uploads": entry}
    return Place(url=url, folder=folder, environment=environment)


def make_pattern(size_bytes: int) -> bytes:
    """Bytes in which every position can be told from its neighbours."""
    return b"".join(number.to_bytes(4, "big") for number in range(size_bytes // 4 + 1))[:size_bytes]


def show_descriptors() -> list[str]:
    """What this process has open."""
    folder = Path("/proc/self/fd")
    return [os.readlink(path) for path in folder.iterdir() if path.is_symlink()]
