"""Many requests at once cost a web worker neither threads nor database connections."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from select import select

import pytest

from tests.postgresql import PostgreSQLDatabase, make_database
from tests.service import Service, run_service, wait_for
from tests.web.wire import exchange, write_head

WAITS, UPLOADS, FAN_OUTS = 80, 60, 60
MOST_MORE_THREADS = 4
MOST_MORE_CONNECTIONS = 4
POSTS = 1000
MOST_SESSIONS = 5

PART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nx'


@pytest.fixture(scope="module")
def silence() -> Iterator[int]:
    """The port of an upstream that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=FAN_OUTS) as listener:
        yield listener.getsockname()[1]


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgreSQLDatabase]:
    with make_database() as database:
        yield database


def hold_requests(service: Service, upstream_port: int, holding: ExitStack) -> list[socket.socket]:
    """Open WAITS + UPLOADS + FAN_OUTS requests that are not answered for seconds."""
    held = []
    with service.client() as client:
        path = client.post("/process_data", json=1).json()["status_url"]
    form = {"Content_Type": "multipart/form-data; boundary=b"}
    upload = write_head("POST", "/upload_file", **form, Content_Length=100_000) + PART
    requests = [write_head("GET", f"{path}?wait=20")] * WAITS + [upload] * UPLOADS
    for index in range(FAN_OUTS):
        host = "localhost" if index % 2 else "127.0.0.1"
        url = f"http://{host}:{upstream_port}/{index}"
        requests.append(write_head("GET", f"/get_external_data?url={url}"))
    for request in requests:
        connection = holding.enter_context(service.connect())
        connection.sendall(request)
        held.append(connection)
    wait_for(lambda: len(service.find_spooled()) == UPLOADS, 10, "the uploads did not begin")
    return held


def check_that_holding_costs_little(
    service: Service, upstream_port: int, count_connections: Callable[[], int]
) -> None:
    threads, connections = service.worker.num_threads(), count_connections()
    with ExitStack() as holding:
        held = hold_requests(service, upstream_port, holding)
        assert exchange(service, write_head("GET", "/readyz")).status == 200
        assert service.worker.num_threads() <= threads + MOST_MORE_THREADS
        assert count_connections() <= connections + MOST_MORE_CONNECTIONS
        answered, _, _ = select(held, [], [], 0)
        assert (len(held), len(answered)) == (WAITS + UPLOADS + FAN_OUTS, 0)
    wait_for(lambda: not service.find_spooled(), 10, "an upload left its file")


def test_200_requests_held_open_add_few_threads_and_connections(
    migrated_database: Path, tmp_path: Path, silence: int
) -> None:
    with run_service(tmp_path, migrated_database) as service:
        worker, database = service.worker, str(tmp_path / "db.sqlite3")

        def count_open() -> int:
            return [file.path for file in worker.open_files()].count(database)

        check_that_holding_costs_little(service, silence, count_open)


def test_200_requests_held_open_add_few_connections_on_postgresql(
    migrated_database: Path, tmp_path: Path, silence: int, postgresql: PostgreSQLDatabase
) -> None:
    given = {"DATABASE_URL": postgresql.url}
    with run_service(tmp_path, migrated_database, **given) as service:
        check_that_holding_costs_little(service, silence, postgresql.count_connections)


def test_1000_posts_open_few_connections(
    migrated_database: Path, tmp_path: Path, postgresql: PostgreSQLDatabase
) -> None:
    wait_for(lambda: postgresql.count_connections() == 0, 5, "a session of before is open")
    sessions = postgresql.count_sessions()
    given = {"DATABASE_URL": postgresql.url}
    with (
        run_service(tmp_path, migrated_database, **given) as service,
        service.client() as client,
        ThreadPoolExecutor(20) as threads,
    ):
        answers = threads.map(lambda index: client.post("/process_data", json=index), range(POSTS))
        assert {answer.status_code for answer in answers} == {202}
    wait_for(lambda: postgresql.count_sessions() > sessions, 5, "no session was counted")
    assert postgresql.count_sessions() - sessions <= MOST_SESSIONS
    [(jobs,)] = postgresql.query("SELECT COUNT(*) FROM processing_jobpayload")
    assert jobs >= POSTS


def test_what_postgresql_cannot_store_is_no_500(
    migrated_database: Path, tmp_path: Path, postgresql: PostgreSQLDatabase
) -> None:
    form = {"Content_Type": "multipart/form-data; boundary=b"}
    body = PART.replace(b'"a"', b'"a\0b"') + b"\r\n--b--\r\n"
    typed = PART.replace(b"\r\n\r\n", b"\r\nContent-Type: a/\0b\r\n\r\n") + b"\r\n--b--\r\n"
    uploads = [
        write_head("POST", "/upload_file", **form, Content_Length=len(sent)) + sent
        for sent in (body, typed)
    ]
    requests = [
        write_head("GET", "/jobs/?processor=%00"),
        write_head("GET", "/jobs/%00"),
        write_head("GET", "/jobs/", Cookie='sessionid="aaaaaaaaaaaaaaaa\\000"'),
        write_head("POST", "/process_data?processor=%00", Content_Type="application/json"),
        *uploads,
    ]
    given = {"DATABASE_URL": postgresql.url}
    with run_service(tmp_path, migrated_database, **given) as service:
        statuses = [exchange(service, request).status for request in requests]
    assert statuses == [400, 404, 200, 400, 202, 202]
