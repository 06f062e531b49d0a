"""GET /get_external_data through the real URL; the service itself is the upstream."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.conftest import StartService
from tests.service import Service
from tests.web.problem import check_problem
from tests.web.wire import write_head

KEYS = {"url", "ok", "status", "content_type", "bytes", "elapsed_ms", "error"}


@pytest.fixture
def silence() -> Iterator[str]:
    """The URL of an upstream that never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


@pytest.mark.parametrize("path", ["/get_external_data", "/get_external_data/"])
def test_results_come_in_the_order_asked(service: Service, client: httpx.Client, path: str) -> None:
    good, refused = f"{service.base_url}/healthz", "http://127.0.0.1:1/"
    missing = f"{service.base_url}/nothing"
    urls = [refused, good, missing, good]
    response = client.get(path, params={"url": urls})
    assert response.status_code == 200
    document = response.json()
    assert set(document) == {"results", "responses", "elapsed_ms"}
    answers = document["responses"]
    assert [answer["url"] for answer in answers] == urls
    assert all(set(answer) == KEYS for answer in answers)
    assert [answer["ok"] for answer in answers] == [False, True, False, True]
    assert [answer["status"] for answer in answers] == [None, 200, 404, 200]
    assert document["results"][1] == document["results"][3] == "ok"
    assert answers[0]["error"]["code"] == "connect_failed"
    assert answers[1] | {"elapsed_ms": 0} == {
        "url": good,
        "ok": True,
        "status": 200,
        "content_type": "text/plain; charset=utf-8",
        "bytes": 2,
        "elapsed_ms": 0,
        "error": None,
    }


def test_lines_come_as_each_url_completes(start_service: StartService, silence: str) -> None:
    service = start_service(FANOUT_DEADLINE_SECONDS="1")
    quick = f"{service.base_url}/healthz"
    with service.client(headers={"Accept": "application/x-ndjson"}) as client:
        params = {"url": [silence, quick]}
        started_at = time.monotonic()
        with client.stream("GET", "/get_external_data", params=params) as response:
            assert response.headers["Content-Type"] == "application/x-ndjson"
            lines = response.iter_lines()
            first = json.loads(next(lines))
            assert time.monotonic() - started_at < 0.9
            [second] = [json.loads(line) for line in lines]
    assert (first["index"], first["url"], first["result"]) == (1, quick, "ok")
    assert (second["index"], second["ok"], second["result"]) == (0, False, None)
    assert second["error"]["code"] == "timeout"


def test_a_line_has_nothing_in_it_that_ends_a_line_for_anybody(client: httpx.Client) -> None:
    """str.splitlines, and so httpx's iter_lines, takes more than a line feed for the end of one."""
    text = "".join(chr(code) for code in (*range(0x100), 0x2028, 0x2029, 0x1F600)) * 2
    body = text.encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body)
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        ThreadPoolExecutor(1) as asking,
    ):
        listener.settimeout(10)
        params = {"url": f"http://127.0.0.1:{listener.getsockname()[1]}/"}
        headers = {"Accept": "application/x-ndjson"}
        answer = asking.submit(client.get, "/get_external_data", params=params, headers=headers)
        upstream, _ = listener.accept()
        with upstream:
            upstream.recv(65_536)
            upstream.sendall(head + body)
        [line] = answer.result().iter_lines()
    assert json.loads(line)["result"] == text


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("*/*", "application/json"),
        ("application/json, application/x-ndjson;q=0.9", "application/json"),
        ("application/x-ndjson, */*;q=0.1", "application/x-ndjson"),
        ("application/x-ndjson;q=0, */*", "application/json"),
        ("application/x-ndjson-else", "application/json"),
        ("text/html", "application/json"),
    ],
)
def test_what_a_client_prefers_is_what_it_gets_and_nobody_keeps(
    service: Service, client: httpx.Client, accept: str, content_type: str
) -> None:
    params = {"url": f"{service.base_url}/healthz"}
    response = client.get("/get_external_data", params=params, headers={"Accept": accept})
    assert response.headers["Content-Type"] == content_type
    assert response.headers["Cache-Control"] == "no-store"
    assert "Accept" in response.headers["Vary"]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nothing",
        "/healthz",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "http://user:secret@127.0.0.1/",
        "http://user@127.0.0.1/",
        "http://",
        "http://[::1",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:x/",
        "http://a b/",
        "http://127.0.0.1/\r\nX: y",
        "http://\0/",
        "http://\ufffd/",
    ],
)
def test_an_invalid_url_is_refused_and_none_is_fetched(
    service: Service, client: httpx.Client, url: str
) -> None:
    good = f"{service.base_url}/healthz"
    response = client.get("/get_external_data", params={"url": [good, url]})
    check_problem(response, 400, "invalid_url")


def test_no_url_at_all_is_refused(client: httpx.Client) -> None:
    check_problem(client.get("/get_external_data"), 400, "invalid_url")


def test_too_many_urls_are_refused(client: httpx.Client) -> None:
    urls = ["http://127.0.0.1:1/"] * 51
    response = client.get("/get_external_data", params={"url": urls})
    assert "50" in check_problem(response, 400, "too_many_urls")["detail"]


def test_the_configured_urls_and_no_others_are_the_default(start_service: StartService) -> None:
    service = start_service(
        EXTERNAL_URLS="http://127.0.0.1:1/a,http://127.0.0.1:1/b",
        EXTERNAL_ALLOWED_HOSTS="",
        EXTERNAL_ALLOW_PRIVATE="0",
    )
    with service.client() as client:
        default = client.get("/get_external_data").json()
        other = client.get("/get_external_data?url=http://localhost:1/").json()
    assert [answer["url"][-1] for answer in default["responses"]] == ["a", "b"]
    codes = [answer["error"]["code"] for answer in default["responses"] + other["responses"]]
    assert codes == ["forbidden_address", "forbidden_address", "host_not_allowed"]


def test_head_asks_and_sends_nothing(service: Service, client: httpx.Client) -> None:
    params = {"url": f"{service.base_url}/healthz"}
    response = client.head("/get_external_data", params=params)
    assert (response.status_code, response.content) == (200, b"")


@pytest.mark.parametrize("body", [b"", b"unread", b"uncompleted"])
@pytest.mark.parametrize("accept", ["application/json", "application/x-ndjson"])
def test_a_client_that_goes_away_ends_its_fetches(
    service: Service, client: httpx.Client, accept: str, body: bytes
) -> None:
    """Long before the deadline of 20 s, and before the upstream has said a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        query = f"url=http://127.0.0.1:{listener.getsockname()[1]}/"
        with service.connect() as leaving:
            length = 2 * len(body) if body == b"uncompleted" else len(body)
            target = f"/get_external_data?{query}"
            leaving.sendall(write_head("GET", target, Accept=accept, Content_Length=length) + body)
            upstream, _ = listener.accept()
            upstream.settimeout(2)
            assert upstream.recv(65_536).startswith(b"GET / HTTP/1.1\r\n")
        with upstream:
            assert upstream.recv(65_536) == b"", "the fetch goes on"
    assert client.get("/healthz").status_code == 200
