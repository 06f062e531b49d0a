"""GET /jobs/<id> and the list."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Timer

import httpx
import pytest

from tests.service import OTHER_TOKEN, Service
from tests.web.problem import check_problem

KEYS = {
    "id",
    "processor",
    "state",
    "error",
    "attempts",
    "max_attempts",
    "progress",
    "peak_memory_bytes",
    "memory_limit_bytes",
    "created_at",
    "started_at",
    "finished_at",
    "result",
    "result_url",
    "priority",
    "run_after",
    "cancel_requested_at",
    "history",
}


def submit(client: httpx.Client, **query: str) -> str:
    job_id: str = client.post("/process_data", json=1, params=query).json()["job_id"]
    return job_id


def test_a_queued_job_has_every_key(client: httpx.Client) -> None:
    before = datetime.now(UTC)
    job_id = submit(client)
    job = client.get(f"/jobs/{job_id}").json()
    assert set(job) == KEYS
    created_at = datetime.fromisoformat(job.pop("created_at"))
    assert abs((created_at - before).total_seconds()) < 5
    run_after = datetime.fromisoformat(job.pop("run_after"))
    assert abs((run_after - before).total_seconds()) < 5
    assert job.pop("memory_limit_bytes") is None or isinstance(job, dict)
    assert job == {
        "id": job_id,
        "processor": "echo",
        "state": "queued",
        "error": None,
        "attempts": 0,
        "max_attempts": 3,
        "progress": None,
        "peak_memory_bytes": None,
        "started_at": None,
        "finished_at": None,
        "result": None,
        "result_url": None,
        "priority": "normal",
        "cancel_requested_at": None,
        "history": [],
    }


def test_a_finished_job_has_its_result_and_its_times_in_utc(
    service: Service, client: httpx.Client
) -> None:
    job_id = submit(client)
    moment = "2030-01-02 03:04:05.678901"
    service.set_job(
        job_id,
        state="succeeded",
        result='{"a": [1]}',
        progress=1.0,
        attempts=1,
        started_at=moment,
        finished_at=moment,
        result_expires_at="2999-01-01 00:00:00",
    )
    job = client.get(f"/jobs/{job_id}").json()
    assert (job["state"], job["result"]) == ("succeeded", {"a": [1]})
    assert job["result_url"] == f"/jobs/{job_id}/result"
    assert job["started_at"] == job["finished_at"] == "2030-01-02T03:04:05.678901Z"
    assert job["run_after"] is None, "it waits no more"


def test_the_etag_spares_a_job_that_has_not_changed(service: Service, client: httpx.Client) -> None:
    job_id = submit(client)
    first = client.get(f"/jobs/{job_id}")
    etag = first.headers["ETag"]
    for sent in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = client.get(f"/jobs/{job_id}", headers={"If-None-Match": sent})
        assert (again.status_code, again.content) == (304, b"")
        for name in ("ETag", "Cache-Control"):
            assert again.headers[name] == first.headers[name]
    for sent in ('"other"', etag[:-2] + '"', ""):
        assert client.get(f"/jobs/{job_id}", headers={"If-None-Match": sent}).status_code == 200
    service.set_job(job_id, progress=0.5)
    changed = client.get(f"/jobs/{job_id}", headers={"If-None-Match": etag})
    assert (changed.status_code, changed.json()["progress"]) == (200, 0.5)
    assert changed.headers["ETag"] != etag


def test_waiting_ends_when_the_job_does(service: Service, client: httpx.Client) -> None:
    job_id = submit(client)
    ending = Timer(0.5, lambda: service.set_job(job_id, state="failed", error_code="task_error"))
    ending.start()
    started_at = time.monotonic()
    job = client.get(f"/jobs/{job_id}?wait=20").json()
    ending.join()
    assert job["state"] == "failed"
    assert 0.3 < time.monotonic() - started_at < 5


def test_waiting_goes_on_for_a_job_that_was_asked_to_stop(
    service: Service, client: httpx.Client
) -> None:
    job_id = submit(client)
    service.set_job(job_id, state="running")
    timers = [
        Timer(0.3, lambda: client.post(f"/jobs/{job_id}/cancel")),
        Timer(1.0, lambda: service.set_job(job_id, state="cancelled")),
    ]
    for timer in timers:
        timer.start()
    job = client.get(f"/jobs/{job_id}?wait=20").json()
    for timer in timers:
        timer.join()
    assert job["state"] == "cancelled"
    assert job["cancel_requested_at"], "it was asked while somebody waited"


def test_waiting_ends_with_its_time(client: httpx.Client) -> None:
    started_at = time.monotonic()
    job = client.get(f"/jobs/{submit(client)}?wait=0.5").json()
    assert job["state"] == "queued"
    assert 0.5 <= time.monotonic() - started_at < 5


def test_waiting_for_a_final_job_does_not_wait(service: Service, client: httpx.Client) -> None:
    job_id = submit(client)
    service.set_job(job_id, state="cancelled")
    started_at = time.monotonic()
    client.get(f"/jobs/{job_id}?wait=25")
    assert time.monotonic() - started_at < 5


def test_a_job_that_is_removed_while_somebody_waits_is_no_such_job(
    service: Service, client: httpx.Client
) -> None:
    job_id = submit(client)
    key = job_id.replace("-", "")
    tables = {"processing_jobpayload": "job_id", "processing_job": "id"}

    def remove() -> None:
        for table, column in tables.items():
            service.query(f"DELETE FROM {table} WHERE {column} = ?", key)

    removing = Timer(0.3, remove)
    removing.start()
    check_problem(client.get(f"/jobs/{job_id}?wait=20"), 404, "no_such_job")
    removing.join()


@pytest.fixture
def lister(service: Service) -> Iterator[httpx.Client]:
    """A caller with five jobs of its own."""
    service.query(
        "UPDATE processing_job SET caller = 'x', idempotency_key = NULL WHERE caller LIKE 'token:%'"
    )
    with service.client(OTHER_TOKEN) as client:
        for _ in range(5):
            submit(client)
        yield client


def test_the_list_is_newest_first(lister: httpx.Client) -> None:
    document = lister.get("/jobs/").json()
    moments = [job["created_at"] for job in document["jobs"]]
    assert moments == sorted(moments, reverse=True)
    assert (len(moments), document["next"]) == (5, None)


def test_pages_hold_every_job_once(service: Service, lister: httpx.Client) -> None:
    service.query(
        "UPDATE processing_job SET created_at = '2030-01-01 00:00:00' WHERE caller LIKE 'token:%'"
    )
    ids: list[str] = []
    page = "/jobs/?limit=2&state=queued&processor=echo"
    for size in (2, 2, 1):
        document = lister.get(page).json()
        assert len(document["jobs"]) == size
        ids += [job["id"] for job in document["jobs"]]
        page = document["next"]
    assert page is None
    assert len(set(ids)) == 5


def test_a_job_that_comes_while_paging_moves_no_page(lister: httpx.Client) -> None:
    first = lister.get("/jobs/?limit=3").json()
    newest = submit(lister)
    second = lister.get(first["next"]).json()
    seen = {job["id"] for job in first["jobs"] + second["jobs"]}
    assert len(seen) == 5
    assert newest not in seen


def test_the_list_is_filtered_by_state_and_processor(
    service: Service, lister: httpx.Client
) -> None:
    summary, failed = submit(lister, processor="summarize"), submit(lister)
    service.set_job(failed, state="failed", error_code="timeout", error_message="late")
    for query, expected in (("state=failed", failed), ("processor=summarize", summary)):
        [job] = lister.get(f"/jobs/?{query}").json()["jobs"]
        assert job["id"] == expected
    assert lister.get("/jobs/?state=failed&processor=summarize").json()["jobs"] == []
    assert lister.get("/jobs/?processor=nope").json() == {"jobs": [], "next": None}
    assert len(lister.get("/jobs/?state=&processor=").json()["jobs"]) == 7
