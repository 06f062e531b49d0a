"""The service under test, started for real; see tests/service.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.service import DEFAULTS, Service, make_environment, run_manage, run_service

StartService = Callable[..., Service]


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with every table and no row; to be copied."""
    database = tmp_path_factory.mktemp("migrated") / "db.sqlite3"
    env = make_environment(**DEFAULTS, DATABASE_URL=f"sqlite:///{database}")
    done = run_manage("migrate", "-v0", env=env)
    assert done.returncode == 0, done.stderr
    return database


@pytest.fixture(scope="session")
def service(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The web process with default settings and no worker: what is queued stays queued."""
    with run_service(tmp_path_factory.mktemp("service"), migrated_database) as service:
        yield service


@pytest.fixture
def folders(settings: Any, tmp_path: Path) -> Path:
    """A spool and a store of the test's own, in the folders of these names."""
    settings.UPLOAD_SPOOL_DIR = tmp_path / "spool"
    backend = "processing.uploads.store.FolderStorage"
    location = {"location": str(tmp_path / "store")}
    settings.STORAGES = {**settings.STORAGES, "uploads": {"BACKEND": backend, "OPTIONS": location}}
    return tmp_path


@pytest.fixture
def client(service: Service) -> Iterator[httpx.Client]:
    """A client without a token."""
    with service.client() as client:
        yield client


@pytest.fixture
def start_service(migrated_database: Path, tmp_path: Path) -> Iterator[StartService]:
    """Start a service of one's own: `start_service(QUEUE_MAX_JOBS="3")`."""
    with ExitStack() as running:

        def start(**given: str) -> Service:
            return running.enter_context(run_service(tmp_path, migrated_database, **given))

        yield start
