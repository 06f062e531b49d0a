"""A pause as a worker keeps it: nothing is started, what runs goes on, and a restart changes that
not."""

from __future__ import annotations

from pathlib import Path

import httpx

from tests.conftest import StartService
from tests.service import Service, run_cluster, run_manage, wait_for

#: A cluster looks at its queue many times in this long, in seconds.
LOOKS_SECONDS = 1.0


def submit(client: httpx.Client, **data: str) -> str:
    processor = "waits_for_file" if data else "echo"
    answer = client.post("/process_data", params={"processor": processor}, json=data)
    job_id: str = answer.json()["job_id"]
    return job_id


def manage(service: Service, command: str) -> None:
    done = run_manage(command, env=service.env)
    assert done.returncode == 0, done.stderr


def read_state(client: httpx.Client, job_id: str, wait_seconds: float = 0) -> str:
    answer = client.get(f"/jobs/{job_id}", params={"wait": wait_seconds})
    return str(answer.json()["state"])


def test_a_paused_queue_starts_nothing_until_it_is_resumed(
    start_service: StartService, tmp_path: Path
) -> None:
    service, came = start_service(), tmp_path / "came"
    with service.client() as client:
        with run_cluster(service):
            running = submit(client, path=str(came), started=str(tmp_path / "started"))
            wait_for((tmp_path / "started").exists, 20, "the first job was not started")
            manage(service, "pause_queue")
            waiting = submit(client)
            came.touch()
            assert read_state(client, running, 20) == "succeeded", "what runs goes on"
            assert read_state(client, waiting, LOOKS_SECONDS) == "queued"
        with run_cluster(service):
            wait_for(
                lambda: client.get("/readyz").json()["workers"] == "ok", 20, "no worker was seen"
            )
            assert read_state(client, waiting, LOOKS_SECONDS) == "queued"
            manage(service, "resume_queue")
            assert read_state(client, waiting, 20) == "succeeded"
