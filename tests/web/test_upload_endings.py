"""However an upload ends, the next one finds its seat and its room free, and no file."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from tests.conftest import StartService
from tests.impatience import PACE_SECONDS
from tests.service import Service, wait_for
from tests.web.wire import exchange, read_answer, write_head

FORM = "multipart/form-data; boundary=b"
PART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
END = b"\r\n--b--\r\n"
MOST_BYTES = 200_000
FILE_BYTES = 100_000


def write_upload(body: bytes, length: int | None = None) -> bytes:
    """A whole request, or the beginning of one whose body has `length` bytes."""
    content_length = len(body) if length is None else length
    head = write_head("POST", "/upload_file", Content_Type=FORM, Content_Length=content_length)
    return head + body


def accept(service: Service) -> None:
    assert exchange(service, write_upload(PART + b"x" + END)).status == 202


def leave(service: Service) -> None:
    with service.connect() as connection:
        connection.sendall(write_upload(PART + b"x" * 1000, FILE_BYTES))
        wait_for(lambda: count_parts(service), 5, "the upload did not begin")


def half_close(service: Service) -> None:
    with service.connect() as connection:
        connection.sendall(write_upload(PART + b"x" * 1000, FILE_BYTES))
        connection.shutdown(1)
        connection.recv(1000)


def stall(service: Service) -> None:
    with service.connect() as connection:
        connection.settimeout(0.1)
        connection.sendall(write_upload(PART, FILE_BYTES))
        for _ in range(int(3 * PACE_SECONDS / 0.1)):
            connection.sendall(b"x")
            try:
                connection.recv(1, 2)
                break
            except TimeoutError:
                continue
        assert read_answer(connection, "POST").status == 408


def be_broken(service: Service) -> None:
    assert exchange(service, write_upload(PART + b"\r\n" + PART, FILE_BYTES)).status == 400


def bring_no_file(service: Service) -> None:
    assert exchange(service, write_upload(b"--b--\r\n")).status == 400


def be_too_large(service: Service) -> None:
    head = write_head("POST", "/upload_file", Content_Type=FORM, Transfer_Encoding="chunked")
    body = PART + b"x" * (MOST_BYTES + 1)
    assert exchange(service, head + b"%x\r\n%b\r\n" % (len(body), body)).status == 413


def be_killed(service: Service) -> None:
    with service.connect() as connection:
        connection.sendall(write_upload(PART + b"x" * 1000, FILE_BYTES))
        wait_for(lambda: count_parts(service), 5, "the upload did not begin")
        worker = service.worker
        worker.send_signal(signal.SIGKILL)
        worker.wait(5)
    for path in service.folder.rglob("*.part"):
        path.unlink()  # what a killed process leaves is swept an hour later


ENDINGS: list[Callable[[Service], None]] = [
    accept, leave, half_close, stall, be_broken, bring_no_file, be_too_large, be_killed
]  # fmt: skip


def count_parts(service: Service) -> int:
    return len(list(service.folder.rglob("*.part")))


@pytest.fixture
def service(start_service: StartService) -> Service:
    """It has room for one upload of FILE_BYTES and what the endings keep."""
    return start_service(
        PROCESSOR_MODULES="tests.impatient_module",
        UPLOAD_MAX_CONCURRENT="1",
        UPLOAD_MAX_BYTES=str(MOST_BYTES),
        UPLOAD_MAX_TOTAL_BYTES=str(FILE_BYTES + 1000),
    )


def test_the_next_upload_finds_seat_and_room(service: Service) -> None:
    broken = write_upload(PART.replace(b"form-data", b"attachment"), FILE_BYTES)
    for end in ENDINGS * 2:
        end(service)
        # 503 without a seat, 507 without room, and 400 for who has both.
        wait_for(lambda: exchange(service, broken).status == 400, 5, f"after {end.__name__}")
        assert not count_parts(service), f"a file was left: {end.__name__}"
