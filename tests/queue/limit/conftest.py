"""One cluster for all tests of this folder, whose tasks may add LIMIT_MB each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from processing.models import Job
from tests.cluster import RunningCluster, run_cluster

LIMIT_MB = 64


@pytest.fixture(scope="package")
def package_cluster(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[RunningCluster]:
    """Two seats."""
    folder = tmp_path_factory.mktemp("cluster")
    limit = {"TASK_MEMORY_LIMIT_MB": str(LIMIT_MB), "MEMORY_QUOTA_MB": "1024"}
    with run_cluster(folder, "--seats", "2", **limit) as cluster:
        yield cluster
    with django_db_blocker.unblock():
        Job.objects.all().delete()


@pytest.fixture
def transactional_db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The database; what other tests left in it does not matter to these.

    By this name pytest-django sees that a test needs the database.
    """
    with django_db_blocker.unblock():
        yield


@pytest.fixture
def cluster(
    package_cluster: RunningCluster, transactional_db: None, settings: Any
) -> RunningCluster:
    """The running cluster; what the test queues is attempted once."""
    settings.TASK_MAX_ATTEMPTS = 1
    return package_cluster
