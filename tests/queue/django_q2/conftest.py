"""One cluster for all tests of this folder, on the database of the tests.

The tests commit. Instead of flushing all tables behind each of them, which takes PostgreSQL half a
second, they empty the few that they fill.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import caches
from django_q.models import Schedule, Task
from pytest_django import DjangoDbBlocker

from processing.models import Job, MemorySample
from processing.queue.broker import CACHE_NAME
from processing.queue.schedules import ensure_schedules
from tests.cluster import RunningCluster, run_cluster
from tests.queue.django_q2.outcomes import wait_until_nothing_runs


@pytest.fixture(scope="package")
def package_cluster(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[RunningCluster]:
    """Two seats of the project's own queue."""
    folder = tmp_path_factory.mktemp("cluster")
    with run_cluster(folder, "--seats", "2", UPLOAD_SPOOL_DIR=str(folder / "spool")) as cluster:
        yield cluster
    with django_db_blocker.unblock():
        empty_tables()
        caches[CACHE_NAME].clear()
        ensure_schedules()


@pytest.fixture
def transactional_db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The database without jobs, and nothing that runs behind the test.

    By this name pytest-django sees that a test needs the database.
    """
    with django_db_blocker.unblock():
        empty_tables()
        yield
        empty_tables()


@pytest.fixture
def cluster(package_cluster: RunningCluster, transactional_db: None) -> RunningCluster:
    """The running cluster, and an empty queue."""
    return package_cluster


@pytest.fixture
def notes(tmp_path: Path) -> str:
    """The path of a file that tasks, hooks and receivers of one test write lines into."""
    return str(tmp_path / "notes")


@pytest.fixture
def two_attempts(settings: Any) -> None:
    """What this test queues is attempted twice."""
    settings.TASK_MAX_ATTEMPTS = 2


@pytest.fixture
def one_attempt(settings: Any) -> None:
    """What this test queues is attempted once."""
    settings.TASK_MAX_ATTEMPTS = 1


def empty_tables() -> None:
    """Remove what tests of this folder leave, when nothing of it runs any more."""
    Schedule.objects.all().delete()
    Job.objects.filter(state=Job.State.QUEUED).delete()
    wait_until_nothing_runs()
    Job.objects.all().delete()
    Task.objects.all().delete()
    MemorySample.objects.all().delete()
