"""What many uploads at once hold in the web process: a fixed little each, whatever they send."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from processing.memory.sizes import UPLOAD_BYTES
from tests.conftest import StartService
from tests.service import Service, wait_for
from tests.web.upload_crowd import END, Peak, begin_uploads, send_together
from tests.web.wire import read_answer, write_head

MB = 1000 * 1000
STALLED_COUNT = 200
LARGE_COUNT, LARGE_BYTES = 8, 50 * MB
LARGE_MOST_BYTES = 30 * MB
#: Each has sent so much before it goes, which nobody has read.
REFUSED_COUNT, REFUSED_BYTES = 1000, 100_000
REFUSED_MOST_BYTES = 20 * MB
#: What a small post may take meanwhile.
POST_SECONDS = 1.0
#: A file's last block is not written before more comes.
BLOCK_BYTES = 2 * 64 * 1024


@pytest.fixture
def holding() -> Iterator[ExitStack]:
    with ExitStack() as holding:
        yield holding


@pytest.fixture
def service(start_service: StartService) -> Service:
    service = start_service(UPLOAD_MAX_CONCURRENT=str(STALLED_COUNT))
    with service.client() as client:
        for _ in range(20):  # what every process loads with its first requests
            assert client.post("/process_data", json=1).status_code == 202
            assert client.post("/upload_file", files={"file": b"x" * MB}).status_code == 202
    return service


def post(service: Service) -> float:
    """Post a small value; the seconds that took."""
    began_at = time.monotonic()
    with service.client() as client:
        assert client.post("/process_data", json=1).status_code == 202
    return time.monotonic() - began_at


def test_stalled_uploads_hold_little_and_keep_nobody_waiting(
    service: Service, holding: ExitStack
) -> None:
    peak = Peak(service)
    before = len(service.find_spooled())
    uploads = begin_uploads(service, holding, count=STALLED_COUNT, file_bytes=2 * MB)
    send_together(uploads, MB, peak)

    def is_written() -> bool:
        sizes = [path.stat().st_size for path in service.find_spooled()]
        return sum(size >= MB - BLOCK_BYTES for size in sizes) >= before + STALLED_COUNT

    peak.look_until(is_written, 15, "the uploads were not written")
    assert post(service) < POST_SECONDS
    assert peak.added_bytes < STALLED_COUNT * UPLOAD_BYTES


def test_large_uploads_hold_no_more_than_their_buffers(
    service: Service, holding: ExitStack
) -> None:
    peak = Peak(service)
    uploads = begin_uploads(service, holding, count=LARGE_COUNT, file_bytes=LARGE_BYTES)
    send_together(uploads, LARGE_BYTES, peak)
    for upload in uploads:
        upload.setblocking(True)
        upload.sendall(END)
    assert {read_answer(upload, "POST").status for upload in uploads} == {202}
    assert peak.added_bytes < LARGE_MOST_BYTES
    wait_for(lambda: peak.now_bytes < LARGE_MOST_BYTES, 5, "it was not given back")


def test_many_that_are_refused_leave_nothing_behind(service: Service) -> None:
    head = write_head("POST", "/upload_file", Content_Type="text/plain", Content_Length=MB)
    peak = Peak(service)
    for _ in range(REFUSED_COUNT):
        with service.connect() as connection:
            connection.sendall(head + bytes(REFUSED_BYTES))
            assert read_answer(connection, "POST").status == 400
        peak.look()
    assert peak.added_bytes < REFUSED_MOST_BYTES
