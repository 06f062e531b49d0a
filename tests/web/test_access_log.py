"""One line for each request, which nobody can forge."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.service import OWNER_TOKEN, Service, wait_for
from tests.web.wire import CHUNK_BYTES, exchange, write_head

LINE = re.compile(
    r"(?P<moment>\S+ \S+) INFO processing.access (?P<method>\S+) (?P<path>\S+) (?P<status>\d{3}) "
    r"(?P<bytes>\d+)B (?P<milliseconds>\d+\.\d)ms request_id=(?P<id>\S+) caller=(?P<caller>\S+)"
)


def find_text(service: Service, request_id: str) -> str:
    """The one line with that id, once it is there."""
    wait_for(lambda: f"request_id={request_id} " in service.log, 5, "no line was written")
    [line] = [line for line in service.log.splitlines() if f"request_id={request_id} " in line]
    return line


def find_line(service: Service, request_id: str) -> dict[str, str]:
    """What that line says."""
    line = find_text(service, request_id)
    match = LINE.fullmatch(line)
    assert match, line
    return match.groupdict()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", "200"),
        ("GET", "/nothing", "404"),
        ("POST", "/jobs/", "405"),
        ("GET", "/admin/", "302"),
        ("GET", "/static/x", "404"),
        ("HEAD", "/jobs/", "200"),
    ],
)
def test_a_request_has_one_line(
    service: Service, client: httpx.Client, method: str, path: str, status: str
) -> None:
    response = client.request(method, path)
    line = find_line(service, response.headers["X-Request-ID"])
    assert (line["method"], line["path"], line["status"]) == (method, path, status)
    assert int(line["bytes"]) == len(response.content)
    assert float(line["milliseconds"]) < 5000


@pytest.mark.parametrize("sent", ["abc", "A-b_c.1", "0123456789abcdef0123456789abcdef", "x" * 100])
def test_a_sane_id_is_kept(service: Service, client: httpx.Client, sent: str) -> None:
    response = client.get("/healthz", headers={"X-Request-ID": sent})
    assert response.headers["X-Request-ID"] == sent
    assert find_line(service, sent)["path"] == "/healthz"


@pytest.mark.parametrize("sent", ["", "a b", "x" * 101, "a=b", "<script>", "ä", "a\tb", "a,b"])
def test_another_id_is_replaced(service: Service, sent: str) -> None:
    answer = exchange(service, write_head("GET", "/healthz", X_Request_ID=sent))
    request_id = answer.headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{32}", request_id)
    find_line(service, request_id)


def test_a_path_cannot_begin_a_line(service: Service, client: httpx.Client) -> None:
    response = client.get("/x%0d%0aINFO processing.access GET /forged 200%1b[31m%E2%80%A8y")
    line = find_text(service, response.headers["X-Request-ID"])
    assert "/x\\r\\nINFO" in line
    assert "\\x1b[31m\\u2028y" in line
    assert not any(line.startswith("INFO") for line in service.log.splitlines())


def test_a_long_path_is_cut(service: Service, client: httpx.Client) -> None:
    response = client.get("/" + "a" * 5000)
    assert len(find_line(service, response.headers["X-Request-ID"])["path"]) <= 200


def test_the_caller_is_named_and_the_query_is_not(service: Service) -> None:
    with service.client(OWNER_TOKEN) as client:
        response = client.get("/jobs/?processor=a-secret")
    line = find_line(service, response.headers["X-Request-ID"])
    assert re.fullmatch(r"token:[0-9a-f]{16}", line["caller"])
    assert "a-secret" not in service.log


def test_the_time_is_that_of_the_answer_and_not_of_the_rest_of_the_body(service: Service) -> None:
    head = write_head("POST", "/nothing", Content_Length=100, X_Request_ID="rest-of-body")
    with service.connect() as connection:
        connection.sendall(head)
        assert connection.recv(CHUNK_BYTES).startswith(b"HTTP/1.1 404")
        connection.settimeout(5)
        while connection.recv(CHUNK_BYTES):
            pass
    assert float(find_line(service, "rest-of-body")["milliseconds"]) < 1000


def test_a_client_that_left_before_the_answer_is_499(
    service: Service, client: httpx.Client
) -> None:
    path = client.post("/process_data", json=1).json()["status_url"]
    with service.connect() as connection:
        connection.sendall(write_head("GET", f"{path}?wait=20", X_Request_ID="left-early"))
        assert exchange(service, write_head("GET", "/healthz")).status == 200
    assert find_line(service, "left-early")["status"] == "499"
