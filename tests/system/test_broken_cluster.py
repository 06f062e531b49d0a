"""A cluster that lost a part of itself: its jobs end all the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.service import ROOT, Service, run_manage, run_service, wait_for

START_SECONDS = 20


@pytest.fixture
def service(migrated_database: Path, tmp_path: Path) -> Iterator[Service]:
    with run_service(tmp_path, migrated_database) as service:
        yield service


@pytest.fixture
def cluster(service: Service) -> Iterator[psutil.Process]:
    """A cluster that is killed in the end: one that is broken need not stop when asked to."""
    with (service.folder / "cluster.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "qcluster"],
            cwd=ROOT,
            env=service.env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield psutil.Process(process.pid)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(START_SECONDS)


def find_monitor(service: Service) -> int:
    """The monitor's process id, as the cluster tells it; 0 before it does."""
    code = "from django_q.status import Stat; print(*[stat.monitor for stat in Stat.get_all()])"
    done = run_manage("shell", "-v", "0", "-c", code, env=service.env)
    return int(done.stdout.strip() or 0)


def test_jobs_end_although_the_monitor_is_gone(service: Service, cluster: psutil.Process) -> None:
    wait_for(lambda: find_monitor(service), START_SECONDS, "the cluster did not start")
    monitor = psutil.Process(find_monitor(service))
    assert monitor in cluster.children(recursive=True)
    monitor.kill()
    with service.client() as client:
        answers = [client.post("/process_data", json=number).json() for number in range(6)]
        jobs: list[dict[str, Any]] = [
            client.get(f"{answer['status_url']}?wait=20").json() for answer in answers
        ]
    assert [(job["state"], job["result"]) for job in jobs] == [
        ("succeeded", number) for number in range(6)
    ]
