"""What running uploads have promised counts in every process of a web, until they end."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import psutil
import pytest

from tests.conftest import StartService
from tests.service import Service, wait_for
from tests.web.problem import check_problem
from tests.web.wire import exchange, write_head

FORM = "multipart/form-data; boundary=b"
PART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
MOST_BYTES = 1_000_000
LARGE_BYTES = 600_000
#: So many that each of two processes gets some of them.
TIMES = 20


@pytest.fixture
def service(start_service: StartService) -> Service:
    return start_service(WEB_CONCURRENCY="2", UPLOAD_MAX_TOTAL_BYTES=str(MOST_BYTES))


@contextmanager
def uploading(service: Service) -> Iterator[psutil.Process]:
    """An upload that has promised LARGE_BYTES and does not end; the process that has it."""
    head = write_head("POST", "/upload_file", Content_Type=FORM, Content_Length=LARGE_BYTES)
    with service.connect() as connection:
        connection.sendall(head + PART)
        wait_for(service.find_spooled, 5, "the upload did not begin")
        [part] = service.find_spooled()
        workers = psutil.Process(service.process.pid).children()
        [holder] = [
            worker for worker in workers if any(f.path == str(part) for f in worker.open_files())
        ]
        yield holder


def ask(service: Service) -> int:
    """507, or 400 where there was room for an upload of LARGE_BYTES: it is a broken one."""
    head = write_head("POST", "/upload_file", Content_Type=FORM, Content_Length=LARGE_BYTES)
    return exchange(service, head + PART.replace(b"form-data", b"attachment")).status


def test_no_process_takes_what_another_has_promised(service: Service) -> None:
    assert ask(service) == 400
    with uploading(service):
        assert {ask(service) for _ in range(TIMES)} == {507}
        with service.client() as client:
            response = client.post("/upload_file", files={"file": b"x" * LARGE_BYTES})
            detail = check_problem(response, 507, "disk_full")["detail"]
            assert "UPLOAD_MAX_TOTAL_BYTES" in detail
            assert client.post("/upload_file", files={"file": b"x"}).status_code == 202
    wait_for(lambda: ask(service) == 400, 5, "the room was not given back")


def test_a_process_that_is_killed_leaves_no_promise_behind(service: Service) -> None:
    with uploading(service) as holder:
        holder.send_signal(signal.SIGKILL)
        wait_for(lambda: {ask(service) for _ in range(5)} == {400}, 5, "the room stayed promised")


def test_what_is_kept_counts_and_leaves_with_its_row(start_service: StartService) -> None:
    service = start_service(UPLOAD_MAX_TOTAL_BYTES=str(MOST_BYTES))
    with service.client() as client:

        def upload() -> httpx.Response:
            return client.post("/upload_file", files={"file": b"x" * LARGE_BYTES})

        assert upload().status_code == 202
        check_problem(upload(), 507, "disk_full")
        service.query("UPDATE processing_upload SET size_bytes = 0")
        wait_for(lambda: upload().status_code == 202, 5, "the store stayed full")
