"""The lease of the request that works on an upload, as the database has it."""

from __future__ import annotations

import threading
from uuid import UUID

import httpx
import pytest

from processing.queue.resumable import RENEW_SECONDS
from tests.conftest import StartService
from tests.service import Service, wait_for
from tests.web.tus.cut import begin_patch, find_kept_bytes, find_row, wait_until_kept
from tests.web.tus.test_processes import trickle
from tests.web.tus.uploading import create, find_offset
from tests.web.wire import read_answer

LENGTH = 1_000_000


def test_it_is_renewed_with_how_far_it_is(service: Service, client: httpx.Client) -> None:
    path = create(client, Upload_Length=str(LENGTH))
    with begin_patch(service, path, 0, b"a" * 300_000, LENGTH):
        wait_until_kept(service, path, 256 * 1024)
        kept_bytes = find_kept_bytes(service, path)
        wait_for(
            lambda: find_row(service, path)["offset"] == kept_bytes,
            RENEW_SECONDS + 3,
            "it was not renewed",
        )
        assert find_row(service, path)["digest_offset"] == kept_bytes
        assert find_row(service, path)["holder"]


def test_who_has_lost_it_writes_no_more(service: Service, client: httpx.Client) -> None:
    path = create(client, Upload_Length=str(LENGTH))
    is_over = threading.Event()
    with begin_patch(service, path, 0, b"a" * 300_000, LENGTH) as connection:
        wait_until_kept(service, path, 256 * 1024)
        sending = threading.Thread(target=trickle, args=(connection, is_over))
        sending.start()
        key = UUID(path.removeprefix("/uploads/")).hex
        service.query("UPDATE processing_resumableupload SET holder = 'another' WHERE id = ?", key)
        kept_bytes = find_kept_bytes(service, path)
        assert read_answer(connection, "PATCH").status == 423
        is_over.set()
        sending.join()
    row = find_row(service, path)
    assert (row["holder"], row["offset"]) == ("another", 0)
    assert find_kept_bytes(service, path) - kept_bytes <= 64 * 1024
    service.query("UPDATE processing_resumableupload SET holder = '' WHERE id = ?", key)
    assert find_offset(client, path) == find_kept_bytes(service, path)


@pytest.mark.parametrize(
    ("upload_becomes", "file_becomes", "status"),
    [
        ("UPDATE {} SET holder = 'another'", "UPDATE {} SET writer = writer + 1", 423),
        ("DELETE FROM {}", "UPDATE {} SET writer = writer + 1", 410),
    ],
    ids=["taken over", "removed"],
)
def test_who_cannot_write_because_it_was_lost_is_told_so(
    start_service: StartService, upload_becomes: str, file_becomes: str, status: int
) -> None:
    """In rows of the database the store itself refuses one whose place another has taken."""
    service = start_service(UPLOAD_STORAGE_URL="database:")
    with service.client() as client:
        path = create(client, Upload_Length=str(LENGTH))
        with begin_patch(service, path, 0, b"a" * 300_000, LENGTH) as connection:
            wait_for(
                lambda: service.query("SELECT 1 FROM processing_databasechunk"), 10, "no chunk"
            )
            service.query(file_becomes.format("processing_databasefile"))
            service.query(upload_becomes.format("processing_resumableupload"))
            connection.sendall(b"a" * 600_000)
            assert read_answer(connection, "PATCH").status == status
