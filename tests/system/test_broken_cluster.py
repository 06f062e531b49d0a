"""A cluster that loses its supervisor under the service: what was posted ends all the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster import RunningCluster
from tests.service import Service, run_cluster, run_service, wait_for

START_SECONDS = 20


@pytest.fixture
def service(migrated_database: Path, tmp_path: Path) -> Iterator[Service]:
    with run_service(tmp_path, migrated_database) as service:
        yield service


@pytest.fixture
def cluster(service: Service) -> Iterator[RunningCluster]:
    with run_cluster(service) as process:
        cluster = RunningCluster(process=process, log_file=service.folder / "cluster.log")
        wait_for(lambda: cluster.seats, START_SECONDS, "the cluster did not start")
        yield cluster


def test_jobs_end_although_the_supervisor_is_killed(
    service: Service, cluster: RunningCluster
) -> None:
    with service.client() as client:
        before = [client.post("/process_data", json=number).json() for number in range(3)]
        cluster.supervisor.kill()
        after = [client.post("/process_data", json=number).json() for number in range(3, 6)]
        jobs: list[dict[str, Any]] = [
            client.get(f"{answer['status_url']}?wait=20").json() for answer in before + after
        ]
    assert [(job["state"], job["result"], job["attempts"]) for job in jobs] == [
        ("succeeded", number, 1) for number in range(6)
    ]
