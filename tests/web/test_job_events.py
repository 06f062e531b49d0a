"""GET /jobs/<id>/events: a job's changes as they come, to many at once, over a cut and a stop."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Timer

import httpx
import pytest

from processing.memory.units import MIB
from processing.memory.usage import read_proportional_bytes
from tests.conftest import StartService
from tests.service import OTHER_TOKEN, OWNER_TOKEN, Service, run_cluster, wait_for
from tests.web.event_stream import Event, follow_job
from tests.web.problem import check_problem
from tests.web.wire import exchange, read_answer, write_head

STREAMS, JOBS = 300, 30
#: What 300 streams may add to the process that serves them: 40 KB each, as a wait does, of which
#: the connection has 10.
MOST_MORE_BYTES = 16 * MIB
DONE = {"state": "succeeded", "result": '{"a": 1}', "result_expires_at": "2999-01-01 00:00:00"}


def submit(client: httpx.Client, **body: str) -> str:
    query = {"processor": "waits_for_file"} if body else {}
    response = client.post("/process_data", json=body or 1, params=query)
    job_id: str = response.json()["job_id"]
    return job_id


def test_every_change_is_an_event_until_the_final_one(
    service: Service, client: httpx.Client
) -> None:
    job_id = submit(client)
    with follow_job(client, job_id) as events:
        changes = [{}, {"state": "running"}, {"progress": 0.25}, {"progress": 0.5}, DONE]
        for change in changes:
            if change:
                service.set_job(job_id, **change)
            event = next(events)
            shown = httpx.get(f"{service.base_url}/jobs/{job_id}")
            assert (event.name, event.data) == ("job", shown.json())
            assert f'"{event.id}"' == shown.headers["ETag"]
        assert list(events) == []
    assert event.data["result"] == {"a": 1}


def test_a_real_job_is_followed_to_its_end(start_service: StartService, tmp_path: Path) -> None:
    service = start_service()
    with service.client() as client, run_cluster(service):
        job_id = submit(client, path=str(tmp_path / "go"))
        with follow_job(client, job_id) as events:
            states = [event.data["state"] for event in take_until(events, "running")]
            (tmp_path / "go").touch()
            states += [event.data["state"] for event in events]
    assert [state for state in states if state != "queued"] == ["running", "succeeded"]


def take_until(events: Iterator[Event], state: str) -> Iterator[Event]:
    for event in events:
        yield event
        if event.data["state"] == state:
            return


def test_who_comes_again_is_told_only_what_is_new(service: Service, client: httpx.Client) -> None:
    job_id = submit(client)
    with follow_job(client, job_id) as events:
        seen_id = next(events).id
    service.set_job(job_id, state="running")
    with follow_job(client, job_id, seen_id) as events:
        event = next(events)
        assert event.data["state"] == "running"
    changing = Timer(0.5, lambda: service.set_job(job_id, progress=0.5))
    changing.start()
    with follow_job(client, job_id, event.id) as events:
        assert next(events).data["progress"] == 0.5
    changing.join()


def test_who_has_seen_the_end_is_told_not_to_come_again(
    service: Service, client: httpx.Client
) -> None:
    job_id = submit(client)
    service.set_job(job_id, **DONE)
    with follow_job(client, job_id) as events:
        [event] = events
    headers = {"Last-Event-ID": event.id}
    again = client.get(f"/jobs/{job_id}/events", headers=headers)
    assert (again.status_code, again.content) == (204, b"")


def test_a_job_that_is_removed_ends_its_stream(service: Service, client: httpx.Client) -> None:
    job_id = submit(client)
    with follow_job(client, job_id) as events:
        next(events)
        key = job_id.replace("-", "")
        service.query("DELETE FROM processing_jobpayload WHERE job_id = ?", key)
        service.query("DELETE FROM processing_job WHERE id = ?", key)
        assert list(events) == []


def test_a_job_of_someone_else_has_no_events(service: Service) -> None:
    with service.client(OWNER_TOKEN) as owner, service.client(OTHER_TOKEN) as other:
        job_id = submit(owner)
        assert owner.head(f"/jobs/{job_id}/events").status_code == 200
        check_problem(other.get(f"/jobs/{job_id}/events"), 404, "no_such_job")
        check_problem(other.get("/jobs/nothing/events"), 404, "no_such_job")
        check_problem(other.post(f"/jobs/{job_id}/events"), 405, "method_not_allowed")


def test_a_head_is_answered_at_once_and_holds_nothing(client: httpx.Client) -> None:
    job_id = submit(client)
    answer = client.head(f"/jobs/{job_id}/events")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Content-Type"] == "text/event-stream"
    assert answer.headers["Cache-Control"] == "no-store"


def open_streams(service: Service, job_ids: list[str], held: ExitStack) -> list[socket.socket]:
    """STREAMS connections that each have the first event of one of the jobs."""
    streams = []
    for index in range(STREAMS):
        connection = held.enter_context(service.connect())
        connection.sendall(write_head("GET", f"/jobs/{job_ids[index % JOBS]}/events"))
        streams.append(connection)
    for connection in streams:
        read_until(connection, b'"state": "queued"')
    return streams


def read_until(connection: socket.socket, text: bytes) -> None:
    received = b""
    while text not in received:
        piece = connection.recv(64 * 1024)
        assert piece, received
        received += piece


def test_300_streams_cost_few_megabytes_and_no_thread(start_service: StartService) -> None:
    service = start_service()
    worker = service.worker
    with service.client() as client, ExitStack() as held:
        job_ids = [submit(client) for _ in range(JOBS)]
        with follow_job(client, job_ids[0]) as events:
            next(events)  # what the first stream needs, such as the thread of the database
        threads, before_bytes = worker.num_threads(), read_proportional_bytes(worker.pid)
        streams = open_streams(service, job_ids, held)
        for job_id in job_ids:
            service.set_job(job_id, state="running")
        for connection in streams:
            read_until(connection, b'"state": "running"')
        assert read_proportional_bytes(worker.pid) < before_bytes + MOST_MORE_BYTES
        assert worker.num_threads() <= threads
        database = str(service.folder / "db.sqlite3")
        assert [file.path for file in worker.open_files()].count(database) == 1
        assert exchange(service, write_head("GET", "/readyz")).status == 200


def test_a_stop_ends_every_stream_as_a_whole_answer(start_service: StartService) -> None:
    service = start_service(SHUTDOWN_GRACE_SECONDS="10")
    with service.client() as client:
        job_id = submit(client)
        with follow_job(client, job_id) as events:
            next(events)
            service.process.send_signal(signal.SIGTERM)
            stopped_at = time.monotonic()
            assert list(events) == []  # httpx raises where the last chunk is missing
            assert time.monotonic() - stopped_at < 3
    assert service.process.wait(10) == 0
    assert "Traceback" not in service.log


def test_a_watcher_that_leaves_costs_nothing(start_service: StartService) -> None:
    service = start_service()
    with service.client() as client:
        job_id = submit(client)
        for _ in range(50):
            with service.connect() as watching:
                watching.sendall(write_head("GET", f"/jobs/{job_id}/events"))
                read_until(watching, b"data: ")
        ended = f"GET /jobs/{job_id}/events 200 "
        wait_for(lambda: service.log.count(ended) == 50, 5, "a stream goes on without a client")
    assert "Traceback" not in service.log
    assert "never retrieved" not in service.log


@pytest.mark.parametrize("query", ["?wait=20", "/events"])
def test_a_wait_and_a_stream_look_together(service: Service, query: str) -> None:
    with service.client() as client, service.connect() as waiting:
        job_id = submit(client)
        with follow_job(client, job_id) as events:
            next(events)
            waiting.sendall(write_head("GET", f"/jobs/{job_id}{query}"))
            service.set_job(job_id, state="cancelled")
            assert next(events).data["state"] == "cancelled"
        assert b'"state": "cancelled"' in read_answer(waiting).body
