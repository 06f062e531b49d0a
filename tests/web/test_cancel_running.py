"""Cancelling a job that a worker runs, from the request to the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import StartService
from tests.service import run_cluster, wait_for


@pytest.fixture
def running(start_service: StartService, tmp_path: Path) -> Iterator[tuple[httpx.Client, str]]:
    """A client and its job, which a worker runs and which waits for what never comes."""
    service, started = start_service(), tmp_path / "started"
    data = {"path": str(tmp_path / "never"), "started": str(started)}
    with service.client() as client, run_cluster(service):
        answer = client.post("/process_data?processor=waits_for_file", json=data)
        wait_for(started.exists, 20, "the job was not started")
        yield client, answer.json()["job_id"]


def test_a_running_job_is_stopped_and_can_be_retried(
    running: tuple[httpx.Client, str], tmp_path: Path
) -> None:
    client, job_id = running
    asked = client.post(f"/jobs/{job_id}/cancel")
    assert (asked.status_code, asked.json()["state"]) == (202, "running")
    job = client.get(f"/jobs/{job_id}?wait=20").json()
    assert (job["state"], job["error"]) == ("cancelled", None)
    assert job["cancel_requested_at"] == asked.json()["cancel_requested_at"]
    [delivery] = job["history"]
    assert (delivery["delivery"], delivery["outcome"]) == (1, "cancelled")
    assert job["finished_at"]
    (tmp_path / "never").touch()
    assert client.post(f"/jobs/{job_id}/retry").status_code == 202
    again = client.get(f"/jobs/{job_id}?wait=20").json()
    assert (again["state"], again["cancel_requested_at"]) == ("succeeded", None)
    assert [delivery["outcome"] for delivery in again["history"]] == ["cancelled", "succeeded"]
