"""What the API tells of a job's deliveries, and to whom."""

from __future__ import annotations

import httpx
import pytest

from tests.service import OPERATOR_TOKEN, OWNER_TOKEN, Service

#: As the cluster writes them.
LINES = """
{"delivery": 1, "started_at": "2026-01-31T12:00:00+00:00", \
"ended_at": "2026-01-31T12:00:05.500000+00:00", "where": "dyno-7:4711", \
"outcome": "worker_lost", "charged": false}
{"delivery": 2, "started_at": null, \
"ended_at": "2026-01-31T12:00:05.500000+00:00", "where": "dyno-7:4711", \
"outcome": "given back", "charged": false}
"""
LOST = {
    "delivery": 1,
    "started_at": "2026-01-31T12:00:00Z",
    "ended_at": "2026-01-31T12:00:05.500000Z",
    "where": "dyno-7:4711",
    "outcome": "worker_lost",
    "charged": False,
}
GIVEN_BACK = {**LOST, "delivery": 2, "started_at": None, "outcome": "given back"}


@pytest.fixture
def job_id(service: Service) -> str:
    """A job of the owner's with two deliveries behind it."""
    with service.client(OWNER_TOKEN) as owner:
        job_id: str = owner.post("/process_data", json=1).json()["job_id"]
    service.set_job(job_id, history=LINES.lstrip(), error_code="task_error")
    return job_id


def test_the_history_is_in_order_and_names_no_machine(service: Service, job_id: str) -> None:
    with service.client(OWNER_TOKEN) as owner:
        response = owner.get(f"/jobs/{job_id}")
    hidden = {"where"}
    assert response.json()["history"] == [
        {key: value for key, value in entry.items() if key not in hidden}
        for entry in (LOST, GIVEN_BACK)
    ]
    assert "dyno-7" not in response.text


def test_who_may_operate_sees_where_it_ran(service: Service, job_id: str) -> None:
    with service.client(OPERATOR_TOKEN) as operator:
        assert operator.get(f"/jobs/{job_id}").json()["history"] == [LOST, GIVEN_BACK]


def test_lists_leave_the_history_out(service: Service, client: httpx.Client, job_id: str) -> None:
    with service.client(OPERATOR_TOKEN) as operator:
        jobs = operator.get("/jobs/").json()["jobs"]
    assert job_id in {job["id"] for job in jobs}
    assert not [job for job in jobs if "history" in job]


def test_cancelling_answers_with_the_same_document(service: Service, job_id: str) -> None:
    with service.client(OWNER_TOKEN) as owner:
        answer = owner.post(f"/jobs/{job_id}/cancel")
        assert answer.json() == owner.get(f"/jobs/{job_id}").json()
