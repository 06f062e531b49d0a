"""What is refused for load: with a reason, a Retry-After, and room for the next when it ends."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.conftest import StartService
from tests.service import Service, run_service, wait_for
from tests.web.problem import check_problem
from tests.web.wire import exchange, write_head

FORM = {"Content_Type": "multipart/form-data; boundary=b"}
PART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nx'
KIB = 1024


@pytest.fixture
def holding() -> Iterator[ExitStack]:
    with ExitStack() as holding:
        yield holding


@pytest.fixture(scope="module")
def narrow(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with little room of each kind; a test uses one of them and gives it back."""
    given = {
        "UPLOAD_MAX_CONCURRENT": "1",
        "PROCESS_DATA_MAX_BYTES": str(100 * KIB),
        "PROCESS_DATA_BUDGET_BYTES": str(300 * KIB),
        "FANOUT_MAX_URLS": "2",
        "FANOUT_BUDGET_BYTES": str(2 * KIB * KIB),
    }
    with run_service(tmp_path_factory.mktemp("narrow"), migrated_database, **given) as service:
        yield service


def hold(service: Service, holding: ExitStack, request: bytes) -> socket.socket:
    """Send the beginning of a request and keep its connection open."""
    connection = holding.enter_context(service.connect())
    connection.sendall(request)
    return connection


def check_overload(response: httpx.Response, code: str) -> None:
    check_problem(response, 503, code)
    assert 1 <= int(response.headers["Retry-After"]) <= 60


def test_a_full_queue_takes_no_work_until_there_is_room(start_service: StartService) -> None:
    service = start_service(QUEUE_MAX_JOBS="3")
    with service.client() as client:

        def post() -> httpx.Response:
            return client.post("/process_data", json=1)

        accepted = []
        wait_for(lambda: post().status_code == 503, 5, "the queue was never full")
        check_overload(post(), "queue_full")
        check_overload(client.post("/upload_file", files={"file": b"x"}), "queue_full")
        assert service.find_spooled() == []
        accepted = client.get("/jobs/?state=queued&limit=200").json()["jobs"]
        assert len(accepted) >= 3
        for job in accepted:
            client.post(f"/jobs/{job['id']}/cancel")
        wait_for(lambda: post().status_code == 202, 5, "the queue stayed full")


def test_a_job_that_is_there_is_found_again_in_a_full_queue(start_service: StartService) -> None:
    service = start_service(QUEUE_MAX_JOBS="1")
    with service.client() as client:

        def post(key: str, value: int = 1) -> httpx.Response:
            return client.post("/process_data", json=value, headers={"Idempotency-Key": key})

        first = post("first")
        wait_for(
            lambda: client.post("/process_data", json=1).status_code == 503,
            5,
            "the queue was never full",
        )
        again = post("first")
        assert (again.status_code, again.json()) == (202, first.json())
        check_problem(post("first", 2), 422, "idempotency_mismatch")
        check_overload(post("another"), "queue_full")


def test_a_queue_that_is_full_of_bytes_takes_only_what_fits(start_service: StartService) -> None:
    service = start_service(QUEUE_MAX_BYTES="1000")
    with service.client() as client:
        check_overload(client.post("/process_data", json="x" * 1000), "queue_full")
        check_overload(client.post("/upload_file", files={"file": b"x" * 1000}), "queue_full")
        assert client.post("/process_data", json="x").status_code == 202


def test_as_many_uploads_run_as_may(narrow: Service, holding: ExitStack) -> None:
    upload = write_head("POST", "/upload_file", **FORM, Content_Length=1000) + PART
    first = hold(narrow, holding, upload)
    wait_for(narrow.find_spooled, 5, "the upload did not begin")
    with narrow.client() as client:
        check_overload(client.post("/upload_file", files={"file": b"x"}), "uploads_busy")
        assert client.post("/process_data", json=1).status_code == 202
        first.close()
        wait_for(
            lambda: client.post("/upload_file", files={"file": b"x"}).status_code == 202,
            5,
            "the seat was not given back",
        )


def test_a_disk_without_room_takes_no_upload(start_service: StartService) -> None:
    service = start_service(UPLOAD_MIN_FREE_BYTES=str(10**18))
    head = write_head("POST", "/upload_file", **FORM, Content_Length=1000)
    assert exchange(service, head).status == 507  # before a byte of the body
    with service.client() as client:
        response = client.post("/upload_file", files={"file": b"x"})
        check_problem(response, 507, "disk_full")
        assert client.post("/process_data", json=1).status_code == 202
    assert service.find_spooled() == []


def test_posts_share_a_budget_of_memory(narrow: Service, holding: ExitStack) -> None:
    large = write_head(
        "POST", "/process_data", Content_Type="application/json", Content_Length=100 * KIB
    )
    first = hold(narrow, holding, large + b"[")
    assert exchange(narrow, write_head("GET", "/healthz")).status == 200
    with narrow.client() as client:
        check_overload(client.post("/process_data", json=1), "memory_pressure")
        first.close()
        assert client.post("/process_data", json=1).status_code == 202


def test_fan_outs_share_a_budget_of_memory(narrow: Service, holding: ExitStack) -> None:
    listener = holding.enter_context(socket.create_server(("127.0.0.1", 0)))
    silence = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    first = hold(
        narrow, holding, write_head("GET", f"/get_external_data?url={silence}&url={silence}")
    )
    listener.accept()[0].close()
    with narrow.client() as client:
        url = f"/get_external_data?url={narrow.base_url}/healthz"
        check_overload(client.get(url), "memory_pressure")
        first.close()
        assert client.get(url).json()["results"] == ["ok"]


def test_forms_of_the_admin_share_a_budget_of_memory(
    start_service: StartService, holding: ExitStack
) -> None:
    service = start_service()
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    largest = write_head("POST", "/admin/login/", **form, Content_Length=KIB * KIB)
    for _ in range(8):
        hold(service, holding, largest + b"a=")
    with service.client() as client:
        wait_for(lambda: client.get("/admin/").status_code == 302, 1, "a page without a form waits")
        response = client.post("/admin/login/", data={"username": "x"})
        check_overload(response, "memory_pressure")
