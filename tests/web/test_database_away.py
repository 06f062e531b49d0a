"""A database that does not answer, or is not there: 503 in time, and one line in the log."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from processing.web.health import LOOK_SECONDS
from tests.conftest import StartService
from tests.service import Service
from tests.web.problem import check_problem

PASSWORD = "the-secret-of-the-database"
UUID = "00000000-0000-0000-0000-000000000000"


@contextmanager
def keep_from_everyone(service: Service) -> Iterator[None]:
    """Hold SQLite's database so that nobody else can open it."""
    path = service.folder / "db.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        database.execute("BEGIN EXCLUSIVE")
        yield


def test_readiness_tells_of_a_database_that_stalls(start_service: StartService) -> None:
    service = start_service()
    with service.client() as client, keep_from_everyone(service):
        started_at = time.monotonic()
        response = client.get("/readyz")
        assert time.monotonic() - started_at < LOOK_SECONDS + 2
        assert response.status_code == 503
        assert response.json()["database"] == "failed: no answer in 2 seconds"
        assert client.get("/healthz").status_code == 200


def test_a_database_that_stays_locked_is_a_503(start_service: StartService) -> None:
    service = start_service()
    with service.client() as client, keep_from_everyone(service):
        response = client.get("/jobs/")
    check_problem(response, 503, "database_unavailable")
    assert "the database is away: database is locked" in service.log


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/process_data"),
        ("GET", "/jobs/"),
        ("GET", f"/jobs/{UUID}"),
        ("POST", f"/jobs/{UUID}/cancel"),
    ],
)
def test_a_database_that_is_not_there_is_a_503_and_one_line_without_a_secret(
    start_service: StartService, method: str, path: str
) -> None:
    service = start_service(DATABASE_URL=f"postgres://user:{PASSWORD}@127.0.0.1:1/name")
    with service.client(headers={"X-Request-ID": "find-me"}) as client:
        response = client.request(method, path, json=1)
        assert 1 <= int(response.headers["Retry-After"]) <= 60
        check_problem(response, 503, "database_unavailable")
        upload = client.post("/upload_file", files={"file": b"x"})
        check_problem(upload, 503, "database_unavailable")
    assert service.find_spooled() == []
    log = service.log
    [line] = [line for line in log.splitlines() if "request find-me: " in line][:1]
    assert " ERROR " in line
    assert log.count("the database is away") == 2  # one of each request
    assert PASSWORD not in log + response.text
    assert "Traceback" not in log
