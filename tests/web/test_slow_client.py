"""Clients that send hardly anything are cut off, slow ones are served."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from processing.web.body import BODY_STALL_SECONDS
from tests.impatience import HEAD_SECONDS, PACE_SECONDS
from tests.service import Service, run_service
from tests.web.problem import check_document
from tests.web.wire import Answer, read_answer, write_head

FORM = "multipart/form-data; boundary=b"
PART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
END = b"\r\n--b--\r\n"
LEAST_BYTES_PER_SECOND = 200
PAUSE_SECONDS = 0.1
LATE_SECONDS = 3.0


@pytest.fixture(scope="module")
def impatient(
    migrated_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """A service that judges a body after PACE_SECONDS and gives a head HEAD_SECONDS."""
    given = {
        "PROCESSOR_MODULES": "tests.impatient_module",
        "UPLOAD_MIN_BYTES_PER_SECOND": str(LEAST_BYTES_PER_SECOND),
    }
    folder = tmp_path_factory.mktemp("impatient")
    with run_service(folder, migrated_database, **given) as service:
        yield service


def trickle(connection: socket.socket, piece: bytes, seconds: float) -> bool:
    """Send a piece again and again; whether the other side let us, and said nothing."""
    connection.settimeout(PAUSE_SECONDS)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        connection.sendall(piece)
        try:
            connection.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            continue
        return False
    return True


def upload_slowly(service: Service, head: bytes, piece: bytes) -> Answer | None:
    """The answer that came while pieces were sent for twice the time that is judged."""
    with service.connect() as connection:
        connection.sendall(head)
        if trickle(connection, piece, 2 * PACE_SECONDS + 1):
            return None
        connection.settimeout(5)
        return read_answer(connection, "POST")


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_a_byte_now_and_then_is_not_an_upload(impatient: Service, chunked: bool) -> None:
    before = impatient.find_spooled()
    framing: dict[str, str | int] = (
        {"Transfer_Encoding": "chunked"} if chunked else {"Content_Length": 100_000}
    )
    head = write_head("POST", "/upload_file", Content_Type=FORM, **framing)
    start = b"%x\r\n%b\r\n" % (len(PART), PART) if chunked else PART
    began_at = time.monotonic()
    answer = upload_slowly(impatient, head + start, b"1\r\nx\r\n" if chunked else b"x")
    took_seconds = time.monotonic() - began_at
    assert answer is not None
    document = check_document(answer.headers["content-type"], answer.body, 408, "body_stalled")
    assert "UPLOAD_MIN_BYTES_PER_SECOND" in document["detail"]
    assert PACE_SECONDS <= took_seconds < PACE_SECONDS + LATE_SECONDS < BODY_STALL_SECONDS
    assert impatient.find_spooled() == before


def test_a_slow_line_gets_its_upload_through(impatient: Service) -> None:
    piece = b"x" * int(4 * LEAST_BYTES_PER_SECOND * PAUSE_SECONDS)
    with impatient.connect() as connection:
        head = write_head("POST", "/upload_file", Content_Type=FORM, Transfer_Encoding="chunked")
        connection.sendall(head + b"%x\r\n%b\r\n" % (len(PART), PART))
        chunk = b"%x\r\n%b\r\n" % (len(piece), piece)
        assert trickle(connection, chunk, 2 * PACE_SECONDS + 1)
        connection.sendall(b"%x\r\n%b\r\n0\r\n\r\n" % (len(END), END))
        connection.settimeout(5)
        assert read_answer(connection, "POST").status == 202


def measure_until_closed(connection: socket.socket, piece: bytes = b"") -> float:
    """Send a piece now and then until the other side hangs up; the seconds that took."""
    began_at = time.monotonic()
    connection.settimeout(PAUSE_SECONDS)
    while time.monotonic() < began_at + HEAD_SECONDS + LATE_SECONDS:
        try:
            connection.sendall(piece)
            if not connection.recv(100):
                break
        except TimeoutError:
            continue
        except ConnectionError:
            break
    else:
        pytest.fail("the connection stayed open")
    return time.monotonic() - began_at


@pytest.mark.parametrize(
    ("start", "piece"),
    [(b"", b""), (b"GET /heal", b""), (b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-A: ", b"x")],
    ids=["nothing", "half a line", "a byte now and then"],
)
def test_a_head_that_does_not_come_closes_the_connection(
    impatient: Service, start: bytes, piece: bytes
) -> None:
    with impatient.connect() as connection:
        connection.sendall(start)
        took_seconds = measure_until_closed(connection, piece)
    assert took_seconds > HEAD_SECONDS - 0.1
    assert "Error" not in impatient.log


def test_a_connection_that_was_answered_is_kept(impatient: Service) -> None:
    request = write_head("GET", "/healthz")
    with impatient.connect() as connection:
        connection.sendall(request)
        assert read_answer(connection).status == 200
        connection.settimeout(HEAD_SECONDS + 1)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.settimeout(5)
        connection.sendall(request)
        assert read_answer(connection).status == 200
