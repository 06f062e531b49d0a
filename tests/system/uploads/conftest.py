"""A large file, and a web with a worker that may be killed and started again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service import run_cluster
from tests.system.uploads.broken_line import make_random_file
from tests.system.uploads.web import Web, run_web


@pytest.fixture(scope="session")
def large_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_random_file(tmp_path_factory.mktemp("large") / "large.bin")


@pytest.fixture(scope="module")
def web(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """On SQLite, with the folder store, beside a worker that lives as long."""
    folder = tmp_path_factory.mktemp("web")
    shutil.copy(migrated_database, folder / "db.sqlite3")
    database_url = f"sqlite:///{folder / 'db.sqlite3'}"
    with run_web(folder, DATABASE_URL=database_url, WEB_CONCURRENCY="2") as web, run_cluster(web):
        yield web
