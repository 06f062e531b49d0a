"""A body that stops arriving is given up; the requests that wait beside it are served."""

from __future__ import annotations

import time

from processing.web.body import BODY_STALL_SECONDS
from tests.service import Service
from tests.web.problem import check_document
from tests.web.wire import exchange, read_answer, write_head

FORM = "multipart/form-data; boundary=b"
PART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nx'
STALLED = [
    write_head("POST", "/upload_file", Content_Type=FORM, Content_Length=1000) + PART,
    write_head("POST", "/upload_file", Content_Type=FORM, Content_Length=1000),
    write_head("POST", "/upload_file", Content_Type=FORM, Transfer_Encoding="chunked") + b"5\r\n--",
    write_head("POST", "/process_data", Content_Type="application/json", Content_Length=9) + b"[",
    write_head("POST", "/admin/login/", Content_Type="text/plain", Content_Length=9) + b"[",
]


def test_a_body_that_stalls_is_408_and_leaves_no_file(service: Service) -> None:
    before = service.find_spooled()
    connections = [service.connect() for _ in STALLED]
    started_at = time.monotonic()
    for connection, request in zip(connections, STALLED, strict=True):
        connection.sendall(request)
    assert exchange(service, write_head("GET", "/healthz")).status == 200
    for connection in connections:
        with connection:
            answer = read_answer(connection, "POST")
        check_document(answer.headers["content-type"], answer.body, 408, "body_stalled")
    assert BODY_STALL_SECONDS - 1 < time.monotonic() - started_at < BODY_STALL_SECONDS + 8
    assert service.find_spooled() == before
