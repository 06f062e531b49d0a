"""Who asks before sending a body is answered: by a refusal, or by a 100 where it is wanted."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import httpx
import pytest

from tests.service import Service, run_service, wait_for
from tests.web.problem import check_document
from tests.web.wire import exchange, read_answer, write_head

MIB = 1024 * 1024
FORM = "multipart/form-data; boundary=b"
PART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
BODY = PART + b"x" * 1000 + b"\r\n--b--\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

REFUSALS = {
    "401": ("/upload_file", {"Content-Type": FORM, "Authorization": "Bearer x"}, 2000),
    "404": ("/nothing", {"Content-Type": FORM}, 2000),
    "413": ("/upload_file", {"Content-Type": FORM}, 10 * MIB),
    "415": ("/process_data", {"Content-Type": "text/plain"}, 2000),
    "400": ("/upload_file", {"Content-Type": "text/plain"}, 2000),
    "503": ("/upload_file", {"Content-Type": FORM}, 2000),
    "507": ("/upload_file", {"Content-Type": FORM}, 2 * MIB),
}


@pytest.fixture(scope="module")
def narrow(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that takes one upload at a time, of 4 MiB, and keeps 1 MiB."""
    given = {
        "UPLOAD_MAX_CONCURRENT": "1",
        "UPLOAD_MAX_BYTES": str(4 * MIB),
        "UPLOAD_MAX_TOTAL_BYTES": str(MIB),
    }
    folder = tmp_path_factory.mktemp("narrow")
    with run_service(folder, migrated_database, **given) as service:
        yield service


@contextmanager
def taking_the_seat(service: Service) -> Iterator[None]:
    """Run an upload that does not end."""
    before = len(service.find_spooled())
    head = write_head("POST", "/upload_file", Content_Type=FORM, Content_Length=1000)
    with service.connect() as connection:
        connection.sendall(head + PART)
        wait_for(lambda: len(service.find_spooled()) > before, 5, "the upload did not begin")
        yield
    wait_for(lambda: len(service.find_spooled()) == before, 5, "the upload did not end")


def being_refused(service: Service, name: str) -> AbstractContextManager[None]:
    return taking_the_seat(service) if name == "503" else nullcontext()


def write_asking_head(path: str, headers: dict[str, str], length: int) -> bytes:
    named = {name.replace("-", "_"): value for name, value in headers.items()}
    return write_head("POST", path, **named, Content_Length=length, Expect="100-continue")


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_comes_without_a_100_and_without_a_byte_of_the_body(
    narrow: Service, name: str
) -> None:
    path, headers, length = REFUSALS[name]
    with being_refused(narrow, name), narrow.connect() as connection:
        connection.sendall(write_asking_head(path, headers, length))
        first = connection.recv(12, socket.MSG_PEEK | socket.MSG_WAITALL)
        assert first == b"HTTP/1.1 " + name.encode()
        answer = read_answer(connection, "POST")
    check_document(answer.headers["content-type"], answer.body, int(name), answer_code(answer.body))
    assert answer.headers["connection"] == "close"


def answer_code(body: bytes) -> str:
    code: str = httpx.Response(200, content=body).json()["code"]
    return code


def test_an_upload_that_is_wanted_is_asked_for(narrow: Service) -> None:
    with narrow.connect() as connection:
        connection.sendall(write_asking_head("/upload_file", {"Content-Type": FORM}, len(BODY)))
        assert connection.recv(len(CONTINUE), socket.MSG_WAITALL) == CONTINUE
        connection.sendall(BODY)
        assert read_answer(connection, "POST").status == 202


def test_who_sends_without_waiting_is_not_asked(narrow: Service) -> None:
    head = write_asking_head("/upload_file", {"Content-Type": FORM}, len(BODY))
    assert exchange(narrow, head + BODY).status == 202


def run_curl(service: Service, path: str, *options: str) -> tuple[int, int, str]:
    """The status, the bytes of body that were sent, and what curl tells of the exchange."""
    written = ["-o", "/dev/null", "-w", "%{http_code} %{size_upload}"]
    waiting = ["--expect100-timeout", "10", "-H", "Expect: 100-continue"]
    command = ["curl", "-sv", *written, *waiting, *options, service.base_url + path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    status, sent_bytes = done.stdout.split()
    return int(status), int(sent_bytes), done.stderr


@pytest.mark.parametrize("name", REFUSALS)
def test_curl_sends_nothing_that_is_refused(narrow: Service, name: str, tmp_path: Path) -> None:
    path, headers, length = REFUSALS[name]
    (tmp_path / "body").write_bytes(b"x" * length)
    options = [part for header in headers.items() for part in ("-H", ": ".join(header))]
    with being_refused(narrow, name):
        status, sent_bytes, told = run_curl(
            narrow, path, *options, "--data-binary", f"@{tmp_path / 'body'}"
        )
    assert (status, sent_bytes) == (int(name), 0)
    assert "100 Continue" not in told


def test_curl_sends_what_is_asked_for(narrow: Service, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 1000)
    status, sent_bytes, told = run_curl(narrow, "/upload_file", "-F", f"file=@{tmp_path / 'a'}")
    assert (status, told.count("100 Continue")) == (202, 1)
    assert sent_bytes > 1000


@pytest.mark.parametrize("name", [*REFUSALS, "202"])
def test_httpx_which_never_waits_gets_the_answer(narrow: Service, name: str) -> None:
    path, headers, length = REFUSALS.get(name, ("/upload_file", {"Content-Type": FORM}, len(BODY)))
    sent = {**headers, "Expect": "100-continue"}
    content = BODY if name == "202" else b"x" * length
    with being_refused(narrow, name):
        response = httpx.post(narrow.base_url + path, content=content, headers=sent, timeout=30)
    assert response.status_code == int(name)
