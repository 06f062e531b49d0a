"""A refusal reaches clients that are still sending: they see an answer, never a reset."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.needs import require_program
from tests.service import Service, run_service, wait_for
from tests.web.wire import CHUNK_BYTES, write_head

MIB = 1024 * 1024
#: More than the two sockets hold and more than is read on after a refusal.
BODY_BYTES = 200 * MIB
#: Beyond this nobody is let to send: what may be received, what is read on, and what is buffered.
MOST_SENT_BYTES = 64 * MIB

FORM = {"Content-Type": "multipart/form-data; boundary=b"}
PART = '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
LENGTH = {"Content-Length": str(len(PART) + BODY_BYTES)}

#: Path, headers and the start of the body. Without a Content-Length the body is chunked.
REFUSALS = {
    "401": ("/upload_file", {**FORM, **LENGTH, "Authorization": "Bearer x"}, PART),
    "404": ("/nothing", {**FORM, **LENGTH}, PART),
    "400 form": ("/upload_file", {"Content-Type": "text/plain"}, PART),
    "413 length": ("/upload_file", {**FORM, **LENGTH}, PART),
    "413 chunked": ("/upload_file", FORM, PART),
    "400 in the middle": ("/upload_file", FORM, PART.replace("form-data", "attachment")),
    "400 no boundary": ("/upload_file", FORM, "junk" * 20_000),
}
BUSY = {"503": ("/upload_file", FORM, PART)}
FULL = {
    "507 length": ("/upload_file", {**FORM, **LENGTH}, PART),
    "507 chunked": ("/upload_file", FORM, PART),
}


def ask_by_curl(url: str, headers: dict[str, str], start: str, tmp_path: Path) -> int:
    body = tmp_path / "body"
    with body.open("wb") as file:
        file.write(start.encode())
        file.truncate(len(start) + BODY_BYTES)
    given = {**headers, "Expect": ""}
    if "Content-Length" not in headers:
        given["Transfer-Encoding"] = "chunked"
    options = [part for name, value in given.items() for part in ("-H", f"{name}: {value}")]
    written = ["-o", "/dev/null", "-w", "%{http_code} %{size_upload}"]
    command = ["curl", "-sS", *written, "-X", "POST", "-T", str(body), *options, url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    status, sent_bytes = done.stdout.split()
    assert int(sent_bytes) < MOST_SENT_BYTES
    return int(status)


def ask_by_httpx(url: str, headers: dict[str, str], start: str, tmp_path: Path) -> int:
    sent_bytes = 0

    def stream() -> Iterator[bytes]:
        nonlocal sent_bytes
        yield start.encode()
        while sent_bytes < BODY_BYTES:
            sent_bytes += CHUNK_BYTES
            yield b"x" * CHUNK_BYTES

    response = httpx.post(url, content=stream(), headers=headers, timeout=30)
    assert sent_bytes < MOST_SENT_BYTES
    return response.status_code


def ask_by_node(way: str, url: str, headers: dict[str, str], start: str) -> int:
    program = require_program("node")
    script = Path(__file__).with_name("early_answer.mjs")
    command = [program, str(script), way, url, json.dumps(headers), start, str(BODY_BYTES)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def ask_by_node_http(url: str, headers: dict[str, str], start: str, tmp_path: Path) -> int:
    return ask_by_node("http", url, headers, start)


def ask_by_node_fetch(url: str, headers: dict[str, str], start: str, tmp_path: Path) -> int:
    return ask_by_node("fetch", url, headers, start)


Ask = Callable[[str, dict[str, str], str, Path], int]
CLIENTS: list[Ask] = [ask_by_curl, ask_by_httpx, ask_by_node_http, ask_by_node_fetch]
with_every_client = pytest.mark.parametrize("ask", CLIENTS, ids=lambda ask: ask.__name__)


@pytest.fixture(scope="module")
def services(
    migrated_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Service]]:
    """Services with settings of their own, each started once."""
    started: dict[str, Service] = {}
    with ExitStack() as running:

        def start(name: str, **given: str) -> Service:
            if name not in started:
                folder = tmp_path_factory.mktemp(name)
                started[name] = running.enter_context(
                    run_service(folder, migrated_database, **given)
                )
            return started[name]

        yield start


def check(service: Service, refusal: tuple[str, dict[str, str], str], ask: Ask, at: Path) -> int:
    """Ask, and see that nothing is left; returns the status."""
    before = service.find_spooled()
    path, headers, start = refusal
    status = ask(service.base_url + path, headers, start, at)
    wait_for(lambda: service.find_spooled() == before, 5, "a file was left")
    return status


@with_every_client
@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_is_seen(
    services: Callable[..., Service], tmp_path: Path, name: str, ask: Ask
) -> None:
    service = services("small", UPLOAD_MAX_BYTES=str(4 * MIB))
    assert check(service, REFUSALS[name], ask, tmp_path) == int(name[:3])


@with_every_client
def test_uploads_busy_is_seen(services: Callable[..., Service], tmp_path: Path, ask: Ask) -> None:
    service = services("busy", UPLOAD_MAX_CONCURRENT="1")
    with service.connect() as connection:
        head = write_head(
            "POST", "/upload_file", Content_Length=1000, Content_Type=FORM["Content-Type"]
        )
        connection.sendall(head + PART.encode())
        wait_for(service.find_spooled, 5, "the upload did not begin")
        assert check(service, BUSY["503"], ask, tmp_path) == 503
    wait_for(lambda: not service.find_spooled(), 5, "the upload did not end")


@with_every_client
@pytest.mark.parametrize("name", FULL)
def test_a_full_disk_is_seen(
    services: Callable[..., Service], tmp_path: Path, name: str, ask: Ask
) -> None:
    service = services("full", UPLOAD_MAX_TOTAL_BYTES=str(10 * MIB))
    assert check(service, FULL[name], ask, tmp_path) == 507
