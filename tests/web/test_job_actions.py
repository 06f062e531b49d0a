"""POST /jobs/<id>/cancel and /retry."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.service import Service
from tests.web.problem import check_problem


@pytest.fixture
def job_id(client: httpx.Client) -> str:
    job_id: str = client.post("/process_data", json=1).json()["job_id"]
    return job_id


def test_a_queued_job_is_cancelled(client: httpx.Client, job_id: str) -> None:
    response = client.post(f"/jobs/{job_id}/cancel")
    assert response.status_code == 200
    assert response.json()["state"] == "cancelled"
    assert response.json()["finished_at"]
    assert client.get(f"/jobs/{job_id}").json() == response.json()


@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled"])
def test_a_job_that_has_ended_cannot_be_cancelled(
    service: Service, client: httpx.Client, job_id: str, state: str
) -> None:
    service.set_job(job_id, state=state)
    document = check_problem(client.post(f"/jobs/{job_id}/cancel"), 409, "illegal_state")
    assert state in document["detail"]


def test_a_running_job_is_asked_to_stop(
    service: Service, client: httpx.Client, job_id: str
) -> None:
    service.set_job(job_id, state="running")
    response = client.post(f"/jobs/{job_id}/cancel")
    assert (response.status_code, response.headers["Location"]) == (202, f"/jobs/{job_id}")
    assert response.json()["state"] == "running"
    assert response.json()["finished_at"] is None
    asked_at = response.json()["cancel_requested_at"]
    assert asked_at
    again = client.post(f"/jobs/{job_id}/cancel")
    assert (again.status_code, again.json()["cancel_requested_at"]) == (202, asked_at)
    assert client.get(f"/jobs/{job_id}").json() == again.json()


def test_a_job_that_was_asked_to_stop_is_not_retried_while_it_runs(
    service: Service, client: httpx.Client, job_id: str
) -> None:
    service.set_job(job_id, state="running")
    client.post(f"/jobs/{job_id}/cancel")
    check_problem(client.post(f"/jobs/{job_id}/retry"), 409, "illegal_state")
    service.set_job(job_id, state="cancelled")
    job = client.post(f"/jobs/{job_id}/retry").json()
    assert (job["state"], job["cancel_requested_at"]) == ("queued", None)


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_a_failed_or_cancelled_job_is_queued_again_as_new(
    service: Service, client: httpx.Client, job_id: str, state: str
) -> None:
    past = "2020-01-01 00:00:00"
    error = {"error_code": "timeout", "error_message": "late", "error_traceback": "t"}
    service.set_job(
        job_id, state=state, attempts=3, progress=0.5, started_at=past, finished_at=past, **error
    )
    response = client.post(f"/jobs/{job_id}/retry")
    assert response.status_code == 202
    assert response.headers["Location"] == f"/jobs/{job_id}"
    job = response.json()
    assert (job["state"], job["attempts"], job["error"]) == ("queued", 0, None)
    assert job["progress"] is job["started_at"] is job["finished_at"] is None


@pytest.mark.parametrize("state", ["queued", "running", "succeeded"])
def test_another_job_cannot_be_retried(
    service: Service, client: httpx.Client, job_id: str, state: str
) -> None:
    service.set_job(job_id, state=state)
    check_problem(client.post(f"/jobs/{job_id}/retry"), 409, "illegal_state")


def test_of_many_who_cancel_at_once_one_does(client: httpx.Client, job_id: str) -> None:
    with ThreadPoolExecutor(10) as threads:
        answers = threads.map(lambda _: client.post(f"/jobs/{job_id}/cancel"), range(10))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200] + [409] * 9


@pytest.mark.parametrize("action", ["cancel", "retry"])
@pytest.mark.parametrize("body", [b"", b"{}", b"\xff" * 100_000])
def test_a_body_is_of_no_account(
    service: Service, client: httpx.Client, job_id: str, action: str, body: bytes
) -> None:
    if action == "retry":
        service.set_job(job_id, state="failed")
    assert client.post(f"/jobs/{job_id}/{action}", content=body).status_code in {200, 202}
