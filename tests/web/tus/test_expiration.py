"""Upload-Expires: how long an unfinished upload is kept after its last bytes."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from uuid import UUID

import httpx

from tests.conftest import StartService
from tests.service import Service
from tests.web.problem import check_problem
from tests.web.tus.uploading import create, head, patch, post

KEPT_SECONDS = 3600


def read_left_seconds(response: httpx.Response) -> float:
    return parsedate_to_datetime(response.headers["Upload-Expires"]).timestamp() - time.time()


def expire(service: Service, path: str) -> None:
    key = UUID(path.removeprefix("/uploads/")).hex
    service.query(
        "UPDATE processing_resumableupload SET expires_at = '2020-01-01 00:00:00' WHERE id = ?", key
    )


def test_creation_pieces_and_head_say_until_when_it_is_kept(start_service: StartService) -> None:
    service = start_service(UPLOAD_EXPIRES_SECONDS=str(KEPT_SECONDS))
    with service.client() as client:
        created = post(client, Upload_Length="10")
        path = created.headers["Location"]
        for response in (created, patch(client, path, 0, b"hello"), head(client, path)):
            assert KEPT_SECONDS - 60 < read_left_seconds(response) < KEPT_SECONDS + 2
        assert "Upload-Expires" not in patch(client, path, 5, b"world").headers
        assert "Upload-Expires" not in head(client, path).headers


def test_bytes_extend_it_and_questions_do_not(service: Service, client: httpx.Client) -> None:
    path = create(client, Upload_Length="10")
    key = UUID(path.removeprefix("/uploads/")).hex
    service.query(
        "UPDATE processing_resumableupload SET expires_at = '2099-01-01 00:00:00' WHERE id = ?", key
    )
    years = 365 * 86_400
    assert read_left_seconds(head(client, path)) > years
    assert read_left_seconds(head(client, path)) > years
    patch(client, path, 0, b"hello")
    assert read_left_seconds(head(client, path)) < years


def test_one_that_has_expired_is_gone(service: Service, client: httpx.Client) -> None:
    path = create(client, Upload_Length="10")
    expire(service, path)
    assert head(client, path).status_code == 410
    check_problem(patch(client, path, 0, b"x"), 410, "upload_expired")
