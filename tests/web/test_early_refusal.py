"""What can be refused is refused before a body of 1 GiB is sent."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.service import Service
from tests.web.problem import check_document
from tests.web.wire import CHUNK_BYTES, GIB, exchange, send_until_answered, write_head

#: What the two sockets and gunicorn may buffer, and then some: far below 1 GiB.
MOST_SENT_BYTES = 16 * 1024 * 1024
FORM = "multipart/form-data; boundary=b"
JSON = "application/json"
NO_JOB = "/jobs/00000000-0000-0000-0000-000000000000/cancel"

REFUSALS = {
    "401": ("/process_data", {"Content_Type": JSON, "Authorization": "Bearer x"}, "unauthorized"),
    "401 upload": (
        "/upload_file",
        {"Content_Type": FORM, "Authorization": "Bearer x"},
        "unauthorized",
    ),
    "403": ("/upload_file", {"Content_Type": FORM, "Origin": "null"}, "cross_origin"),
    "404": ("/nothing", {}, "not_found"),
    "404 job": (NO_JOB, {}, "no_such_job"),
    "405": ("/jobs/", {}, "method_not_allowed"),
    "405 static": ("/static/x", {}, "method_not_allowed"),
    "405 probe": ("/healthz", {}, "method_not_allowed"),
    "400 host": ("/upload_file", {"Host": "evil.example"}, "invalid_host"),
    "400 processor": ("/upload_file?processor=x", {"Content_Type": FORM}, "unknown_processor"),
    "400 header": ("/process_data", {"Content_Type": "a/b; charset*=no''x"}, "bad_request"),
    "400 form": ("/upload_file", {"Content_Type": "text/plain"}, "bad_multipart"),
    "415": ("/process_data", {"Content_Type": "text/plain"}, "unsupported_media_type"),
}
STATUS = {name: int(name[:3]) for name in REFUSALS}


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
@pytest.mark.parametrize("name", REFUSALS)
def test_it_is_refused_before_the_body_is_sent(service: Service, name: str, chunked: bool) -> None:
    path, headers, code = REFUSALS[name]
    framing: dict[str, str | int] = (
        {"Transfer_Encoding": "chunked"} if chunked else {"Content_Length": GIB}
    )
    head = write_head("POST", path, **headers, **framing)
    answer = send_until_answered(service, head, chunked=chunked)
    check_document(answer.headers["content-type"], answer.body, STATUS[name], code)
    assert answer.sent_bytes < MOST_SENT_BYTES


@pytest.mark.parametrize(
    ("path", "content_type", "length", "code"),
    [
        ("/process_data", JSON, GIB, "body_too_large"),
        ("/upload_file", FORM, 3 * GIB, "upload_too_large"),
        ("/admin/login/", "application/x-www-form-urlencoded", GIB, "body_too_large"),
    ],
)
def test_a_length_over_the_limit_is_refused_before_a_byte_of_the_body(
    service: Service, path: str, content_type: str, length: int, code: str
) -> None:
    head = write_head("POST", path, Content_Type=content_type, Content_Length=length)
    answer = exchange(service, head)
    check_document(answer.headers["content-type"], answer.body, 413, code)


def test_a_chunked_body_is_refused_as_soon_as_it_passes_the_limit(service: Service) -> None:
    head = write_head("POST", "/process_data", Content_Type=JSON, Transfer_Encoding="chunked")
    answer = send_until_answered(service, head, chunked=True)
    check_document(answer.headers["content-type"], answer.body, 413, "body_too_large")
    assert answer.sent_bytes < MOST_SENT_BYTES


def test_a_client_that_waits_to_be_asked_is_not_asked(service: Service) -> None:
    expect: dict[str, str | int] = {"Expect": "100-continue", "Content_Length": GIB}
    refused = write_head("POST", "/process_data", Content_Type=JSON, **expect)
    with service.connect() as connection:
        connection.sendall(refused)
        assert connection.recv(CHUNK_BYTES).startswith(b"HTTP/1.1 413 ")


def test_what_follows_a_refused_body_is_not_taken_for_a_request(service: Service) -> None:
    hidden = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    for headers in ({}, {"Content_Type": "a/b; charset*=no''x"}):
        head = write_head("POST", "/nothing", Content_Length=len(hidden), **headers)
        with service.connect() as connection:
            connection.sendall(head)
            connection.sendall(hidden)
            received = b""
            while b"}" not in received:
                received += connection.recv(CHUNK_BYTES)
            connection.settimeout(0.3)
            with suppress(TimeoutError):
                received += connection.recv(CHUNK_BYTES)
        assert received.count(b"HTTP/1.1 ") == 1


@pytest.fixture(scope="module")
def gibibyte(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gibibyte") / "zeros"
    with path.open("wb") as file:
        file.truncate(GIB)
    return path


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/process_data", [f"Content-Type: {JSON}", "Authorization: Bearer x"], 401),
        ("/nothing", [], 404),
        ("/process_data", [f"Content-Type: {JSON}"], 413),
        ("/process_data", [f"Content-Type: {JSON}", "Transfer-Encoding: chunked"], 413),
    ],
)
def test_curl_gets_the_answer(
    service: Service, gibibyte: Path, path: str, headers: list[str], status: int
) -> None:
    options = [option for header in [*headers, "Expect:"] for option in ("-H", header)]
    written = "%{http_code} %{size_upload}"
    done = subprocess.run(
        [
            "curl",
            "-s",
            "-o",
            "/dev/null",
            "-w",
            written,
            "-X",
            "POST",
            "-T",
            str(gibibyte),
            *options,
        ]
        + [service.base_url + path],
        capture_output=True,
        text=True,
        timeout=30,
    )
    code, sent_bytes = done.stdout.split()
    assert int(code) == status
    assert int(sent_bytes) < MOST_SENT_BYTES


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/process_data", {"Content-Type": JSON, "Authorization": "Bearer x"}, 401),
        ("/nothing", {}, 404),
        ("/process_data", {"Content-Type": JSON, "Content-Length": str(GIB)}, 413),
    ],
)
def test_httpx_gets_the_answer(
    service: Service, path: str, headers: dict[str, str], status: int
) -> None:
    sent_bytes = 0

    def stream() -> Iterator[bytes]:
        nonlocal sent_bytes
        while sent_bytes < GIB:
            sent_bytes += CHUNK_BYTES
            yield b"x" * CHUNK_BYTES

    response = httpx.post(service.base_url + path, content=stream(), headers=headers, timeout=30)
    assert response.status_code == status
    assert sent_bytes < MOST_SENT_BYTES
