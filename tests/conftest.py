"""The service under test, started for real; see tests/service.py."""

from __future__ import annotations

import fcntl
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.s3_server import S3Server, run_s3_server
from tests.service import DEFAULTS, Service, make_environment, run_manage, run_service

StartService = Callable[..., Service]

#: What takes longest, in this order. Begun first, it leaves short files for the end, when every
#: process of a test run still finds one.
LONG = (
    "tests/postgresql_runs/test_survival.py",
    "tests/postgresql_runs/",
    "tests/queue/survival/",
    "tests/queue/django_q2/",
    "tests/system/",
    "tests/web/tus/",
    "tests/console/",
    "tests/bench/",
)


def pytest_configure(config: pytest.Config) -> None:
    """Have xdist keep our order; its own goes by the number of a file's tests.

    A shell starts what runs in its background with SIGINT ignored, nohup with SIGHUP, and so would
    be the programs that tests end by them.
    """
    config.option.loadscopereorder = False
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files of LONG first, and leave the order within them as it is."""
    items.sort(key=lambda item: rank(item.nodeid))


def rank(nodeid: str) -> int:
    """The place of a test's file in LONG; behind it for all others."""
    places = (place for place, prefix in enumerate(LONG) if nodeid.startswith(prefix))
    return next(places, len(LONG))


@pytest.fixture(scope="session")
def migrated_database(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """An SQLite file with every table and no row, made once in a test run; to be copied."""
    folder = tmp_path_factory.getbasetemp()
    if hasattr(pytestconfig, "workerinput"):  # xdist's
        folder = folder.parent  # that of all processes of the run
    database = folder / "migrated.sqlite3"
    with (folder / "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not database.exists():
            migrate(database)
    return database


def migrate(database: Path) -> None:
    """Make it; under its name it is whole."""
    draft = database.with_suffix(".draft")
    env = make_environment(**DEFAULTS, DATABASE_URL=f"sqlite:///{draft}")
    done = run_manage("migrate", "-v0", env=env)
    assert done.returncode == 0, done.stderr
    draft.rename(database)


@pytest.fixture(scope="session")
def service(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The web process with default settings and no worker: what is queued stays queued."""
    with run_service(tmp_path_factory.mktemp("service"), migrated_database) as service:
        yield service


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A service that speaks S3, without a bucket."""
    with run_s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def folders(settings: Any, tmp_path: Path) -> Path:
    """A spool and a store of the test's own, in the folders of these names."""
    settings.UPLOAD_SPOOL_DIR = tmp_path / "spool"
    backend = "processing.uploads.stores.folder.FolderStorage"
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
