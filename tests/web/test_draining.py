"""A web process that is told to stop ends what it can and is gone in time."""

from __future__ import annotations

import json
import signal
import time

from tests.conftest import StartService
from tests.service import wait_for
from tests.web.wire import CHUNK_BYTES, exchange, read_answer, write_head

GRACE_SECONDS = 10.0
FORM = "multipart/form-data; boundary=b"
PART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'


def test_a_stop_answers_who_waits_and_takes_an_upload_to_its_end(
    start_service: StartService,
) -> None:
    service = start_service(SHUTDOWN_GRACE_SECONDS=str(GRACE_SECONDS))
    with service.client() as client:
        path = client.post("/process_data", json=1).json()["status_url"]
    body = PART + b"x" * 100_000 + b"\r\n--b--\r\n"
    head = write_head("POST", "/upload_file", Content_Type=FORM, Content_Length=len(body))
    with service.connect() as waiting, service.connect() as uploading:
        waiting.sendall(write_head("GET", f"{path}?wait=25"))
        uploading.sendall(head + body[:CHUNK_BYTES])
        wait_for(service.find_spooled, 5, "the upload did not begin")
        service.process.send_signal(signal.SIGTERM)
        stopped_at = time.monotonic()
        answer = read_answer(waiting)
        assert time.monotonic() - stopped_at < 3
        assert (answer.status, json.loads(answer.body)["state"]) == (200, "queued")
        uploading.sendall(body[CHUNK_BYTES:])
        assert read_answer(uploading, "POST").status == 202
    assert service.process.wait(GRACE_SECONDS) == 0
    assert time.monotonic() - stopped_at < GRACE_SECONDS
    assert "Traceback" not in service.log


def test_an_upload_that_does_not_end_with_the_grace_leaves_no_file(
    start_service: StartService,
) -> None:
    service = start_service(SHUTDOWN_GRACE_SECONDS="1")
    head = write_head("POST", "/upload_file", Content_Type=FORM, Content_Length=100_000)
    with service.connect() as uploading:
        uploading.sendall(head + PART + b"x")
        wait_for(service.find_spooled, 5, "the upload did not begin")
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(10) == 0
    assert service.find_spooled() == []


def test_who_waits_and_leaves_costs_nothing(start_service: StartService) -> None:
    service = start_service()
    with service.client() as client:
        path = client.post("/process_data", json=1).json()["status_url"]
        for _ in range(50):
            with service.connect() as waiting:
                waiting.sendall(write_head("GET", f"{path}?wait=25"))
        wait_for(lambda: service.log.count(" 499 ") == 50, 5, "a request goes on without a client")
        assert exchange(service, write_head("GET", path)).status == 200
    assert "Traceback" not in service.log
    assert "never retrieved" not in service.log
