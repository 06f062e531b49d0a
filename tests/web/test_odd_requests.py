"""Requests that no sane client sends: an error of the client's, told as such, and never a 500."""

from __future__ import annotations

import httpx
import pytest

from tests.conftest import StartService
from tests.service import Service
from tests.web.problem import check_document, check_problem
from tests.web.wire import exchange, write_head

NOWHERE = [
    "/%ff",
    "/%00",
    "/../../etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "//evil.example/",
    "/process_data//",
    "/process_data/x",
    "/Process_data",
    "/healthz/",
    "/jobs/x/y/z",
    "/jobs/..%2f..%2fetc",
    "/a%0d%0ab",
    "/" + "a" * 8000,
    "/static/",
    "/static/nothing.css",
    "/static/../settings.py",
    "/static/%2e%2e/%2e%2e/settings.py",
    "/static/..%5c..%5csettings.py",
    "/static/%ff%00",
]
NO_JOBS = [
    "x",
    "%ff",
    "%00",
    "%0a",
    "00000000-0000-0000-0000-000000000000",
    "0" * 32,
    "-1",
    "1e400",
    "9" * 5000,
    "' OR 1=1 --".replace(" ", "%20"),
    "..",
]


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("path", NOWHERE)
def test_there_is_nothing_at_an_odd_path(service: Service, method: str, path: str) -> None:
    answer = exchange(service, write_head(method, path))
    expected = (
        (405, "method_not_allowed")
        if path.startswith("/static/") and method != "GET"
        else (404, "not_found")
    )
    check_document(answer.headers["content-type"], answer.body, *expected)


@pytest.mark.parametrize("action", ["", "/result", "?wait=1", "/cancel", "/retry"])
@pytest.mark.parametrize("job_id", NO_JOBS)
def test_an_odd_id_is_the_id_of_no_job(service: Service, job_id: str, action: str) -> None:
    method = "POST" if action in {"/cancel", "/retry"} else "GET"
    answer = exchange(service, write_head(method, f"/jobs/{job_id}{action}"))
    check_document(answer.headers["content-type"], answer.body, 404, "no_such_job")


@pytest.mark.parametrize(
    "query",
    [
        "limit=-1",
        "limit=0",
        "limit=201",
        "limit=1.5",
        "limit=",
        "limit=%D9%A3",
        "limit=" + "9" * 5000,
        "limit=1&limit=x",
        "state=nope",
        "state=%ff",
        "state=QUEUED",
        "processor=%00",
        "after=junk",
        "after=",
        "after=1",
        "after=-1-00000000000000000000000000000000",
        "after=99999999999999999999999-00000000000000000000000000000000",
        "after=" + "9" * 5000 + "-00000000000000000000000000000000",
        "after=1-%00",
        "&".join(["a=1"] * 1500),
    ],
)
def test_an_odd_query_of_the_list_is_a_bad_request(client: httpx.Client, query: str) -> None:
    check_problem(client.get(f"/jobs/?{query}"), 400, "bad_request")


@pytest.mark.parametrize(
    "wait", ["nan", "inf", "-1", "-0.1", "25.1", "x", "", "1e400", "%00", "9" * 5000, "1,5"]
)
def test_an_odd_wait_is_a_bad_request(client: httpx.Client, wait: str) -> None:
    path = client.post("/process_data", json=1).json()["status_url"]
    check_problem(client.get(f"{path}?wait={wait}"), 400, "bad_request")


@pytest.mark.parametrize(
    "content_type",
    ["a/b; charset*=nope''x", "a/b; charset*=utf-8''%00", "multipart/form-data; boundary*=no''b"],
)
@pytest.mark.parametrize(
    "path", ["/process_data", "/upload_file", "/healthz", "/admin/", "/static/x"]
)
def test_a_header_in_no_character_set_is_a_bad_request(
    client: httpx.Client, path: str, content_type: str
) -> None:
    response = client.get(path, headers={"Content-Type": content_type})
    check_problem(response, 400, "bad_request")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/process_data", "POST"),
        ("/upload_file/", "POST"),
        ("/get_external_data", "GET, HEAD"),
        ("/jobs/", "GET, HEAD"),
        ("/jobs/x", "GET, HEAD"),
        ("/jobs/x/result", "GET, HEAD"),
        ("/jobs/x/cancel", "POST"),
        ("/jobs/x/retry", "POST"),
        ("/healthz", "GET, HEAD"),
        ("/readyz", "GET, HEAD"),
        ("/static/x", "GET, HEAD"),
    ],
)
@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "BREW"])
def test_another_method_is_not_allowed(
    client: httpx.Client, method: str, path: str, allowed: str
) -> None:
    response = client.request(method, path)
    check_problem(response, 405, "method_not_allowed")
    assert response.headers["Allow"] == allowed


@pytest.mark.parametrize("path", ["/healthz", "/jobs/", "/nothing", "/process_data", "/static/x"])
def test_head_is_get_without_the_body(client: httpx.Client, path: str) -> None:
    head, get = client.head(path), client.get(path)
    assert head.status_code == get.status_code
    assert head.content == b""
    for name in ("Content-Type", "Content-Length", "Cache-Control"):
        assert head.headers.get(name) == get.headers.get(name), name


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /\xff HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nbad header\r\n\r\n",
    ],
)
def test_what_is_not_http_is_refused_and_the_connection_closed(
    service: Service, request_bytes: bytes
) -> None:
    with service.connect() as connection:
        connection.sendall(request_bytes)
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    assert received.startswith(b"HTTP/1.1 4")
    assert received.count(b"HTTP/1.1") == 1


def test_a_websocket_is_refused_without_a_traceback(service: Service) -> None:
    before = service.log.count("Traceback")
    upgrade = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec_WebSocket_Version": "13",
        "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    assert exchange(service, write_head("GET", "/jobs/", **upgrade)).status == 403
    assert service.log.count("Traceback") == before


def test_a_request_line_of_the_largest_fan_out_is_taken(client: httpx.Client) -> None:
    urls = [f"http://127.0.0.1:1/{'a' * 100}" for _ in range(50)]
    query = "&".join(f"url={url}" for url in urls)
    assert len(query) > 4096
    response = client.get(f"/get_external_data?{query}")
    assert len(response.json()["responses"]) == 50


def test_a_client_that_leaves_behind_many_requests_raises_nothing(
    start_service: StartService,
) -> None:
    service = start_service()  # of which it has the only connection
    for _ in range(20):
        with service.connect() as leaving:
            leaving.sendall(write_head("GET", "/healthz") * 20)
            assert leaving.recv(8) == b"HTTP/1.1"
    assert exchange(service, write_head("GET", "/healthz")).status == 200
    assert "Traceback" not in service.log
