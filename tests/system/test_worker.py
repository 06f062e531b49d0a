"""The worker process: plain tasks of django-q2, and what happens when a seat is killed."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.service import OPERATOR_TOKEN, Service, run_cluster, run_manage, run_service, wait_for

#: The first retry comes after 1 to 2 s, a lease would last 15 s.
RETRY_SECONDS = 12
#: Longer than a lease, with the interpreter held: nothing in the seat can show that it lives.
HELD_SECONDS = 18
TASK_SECONDS = 20


@pytest.fixture(scope="module")
def service(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with run_service(tmp_path_factory.mktemp("worker"), migrated_database) as service:
        yield service


@pytest.fixture(scope="module", autouse=True)
def cluster_pid(service: Service) -> Iterator[int]:
    with run_cluster(service) as cluster:
        yield cluster.pid


def run_python(service: Service, code: str) -> str:
    """Run `code` in Django's shell beside the service; its output, stripped."""
    done = run_manage("shell", "-v", "0", "-c", code, env=service.env)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]


def show_job(service: Service, job_id: str) -> dict[str, Any]:
    with service.client(OPERATOR_TOKEN) as client:
        job: dict[str, Any] = client.get(f"/jobs/{job_id}?wait=10").json()
    return job


def test_a_plain_task_runs_as_a_job_and_its_result_is_kept_by_both(service: Service) -> None:
    enqueue = "from django_q.tasks import async_task; print(async_task('math.floor', 2.5))"
    task_id = run_python(service, enqueue)
    job = show_job(service, task_id)
    assert (job["state"], job["processor"], job["result"]) == ("succeeded", "math.floor", 2)
    fetch = f"from django_q.tasks import result; print(result('{task_id}', wait=5000))"
    assert run_python(service, fetch) == "2"


def test_a_processor_fetches_urls_under_the_rules_of_the_web(service: Service) -> None:
    good, refused = f"{service.base_url}/healthz", "http://169.254.169.254/latest/meta-data/"
    with service.client() as client:
        asked = {"urls": [good, refused]}
        accepted = client.post("/process_data?processor=collects", json=asked)
    job = show_job(service, accepted.json()["job_id"])
    assert (job["state"], job["error"]) == ("succeeded", None)
    assert job["result"] == {good: "ok", refused: "forbidden_address"}


def test_the_hook_of_a_plain_task_runs_once(service: Service, tmp_path: Path) -> None:
    note = tmp_path / "note"
    run_python(
        service,
        "from django_q.tasks import async_task; "
        f"print(async_task('math.floor', 2.5, group={str(note)!r}, "
        "hook='tests.processor_module.note_outcome'))",
    )
    wait_for(note.exists, TASK_SECONDS, "the hook did not run")
    assert json.loads(note.read_text()) == {"success": True, "result": 2}


def test_a_task_that_takes_too_long_fails_as_a_timeout(service: Service) -> None:
    task_id = run_python(
        service,
        "from django_q.tasks import async_task; "
        "print(async_task('time.sleep', 60, timeout=1, ack_failure=True))",
    )
    job = show_job(service, task_id)
    assert (job["state"], job["error"]["code"], job["attempts"]) == ("failed", "timeout", 1)
    assert "1 seconds" in job["error"]["message"]


def test_a_job_whose_seat_was_killed_runs_again(
    service: Service, cluster_pid: int, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    started = tmp_path / "started"
    body = {"path": str(go), "started": str(started)}
    with service.client() as client:
        job_id = client.post("/process_data?processor=waits_for_file", json=body).json()["job_id"]
    wait_for(started.exists, TASK_SECONDS, "the job did not start")
    seat = psutil.Process(int(started.read_text()))
    assert seat in psutil.Process(cluster_pid).children(recursive=True)
    started.unlink()
    seat.send_signal(signal.SIGKILL)
    wait_for(started.exists, RETRY_SECONDS, "the job was not started again")
    go.touch()
    job = show_job(service, job_id)
    assert (job["state"], job["result"], job["attempts"]) == ("succeeded", "came", 2)


def test_a_task_that_holds_the_interpreter_longer_than_a_lease_runs_once(service: Service) -> None:
    with service.client() as client:
        url = "/process_data?processor=holds_interpreter"
        job_id = client.post(url, json={"seconds": HELD_SECONDS}).json()["job_id"]
    for _ in range(4):
        job = show_job(service, job_id)
        if job["finished_at"]:
            break
    assert (job["state"], job["result"], job["attempts"]) == ("succeeded", "held", 1)
    [(deliveries,)] = service.query(
        "SELECT deliveries FROM processing_job WHERE processor = 'holds_interpreter'"
    )
    assert deliveries == 1
