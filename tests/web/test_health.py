"""GET /healthz and /readyz."""

from __future__ import annotations

import re

import httpx

from tests.conftest import StartService
from tests.service import run_cluster, run_manage, wait_for


def test_health_is_two_letters(client: httpx.Client) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.text) == (200, "ok")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_readiness_names_every_part(client: httpx.Client) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    document = response.json()
    assert set(document) == {"database", "queue", "workers", "memory"}
    assert document["database"] == document["queue"] == document["memory"] == "ok"
    assert document["workers"].startswith("degraded: ")


def test_a_worker_is_seen(start_service: StartService) -> None:
    service = start_service()
    with service.client() as client, run_cluster(service):
        wait_for(lambda: client.get("/readyz").json()["workers"] == "ok", 20, "no worker was seen")


def test_a_paused_queue_is_degraded_and_the_service_is_ready(start_service: StartService) -> None:
    service = start_service(QUEUE_MAX_JOBS="1")
    assert run_manage("pause_queue", env=service.env).returncode == 0
    with service.client() as client:
        response = client.get("/readyz")
        assert response.status_code == 200
        queue = response.json()["queue"]
        assert re.fullmatch(r"degraded: paused since [0-9 :-]{19} UTC by \S+@\S+", queue)
        client.post("/process_data", json=1)
        assert client.get("/readyz").json()["queue"] == f"{queue}; 1 of 1 jobs"
        assert run_manage("resume_queue", env=service.env).returncode == 0
        assert client.get("/readyz").json()["queue"] == "degraded: 1 of 1 jobs"


def test_a_full_queue_degrades_the_service(start_service: StartService) -> None:
    service = start_service(QUEUE_MAX_JOBS="2")
    with service.client() as client:
        for _ in range(2):
            client.post("/process_data", json=1)
        response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json()["queue"] == "degraded: 2 of 2 jobs"


def test_little_memory_degrades_the_service(start_service: StartService) -> None:
    service = start_service(MEMORY_QUOTA_MB="50")
    with service.client() as client:
        response = client.get("/readyz")
    assert response.status_code == 200
    told = r"degraded: (\d+) MB of 50 MB \(MEMORY_QUOTA_MB\) are in use; new work is refused"
    match = re.fullmatch(told, response.json()["memory"])
    assert match
    assert int(match[1]) > 50  # the master counts: neither of the two holds so much
