"""HEAD /uploads/<id>: what the store has, and the job of an upload that has all its bytes."""

from __future__ import annotations

import hashlib
from uuid import UUID

import httpx
import pytest

from tests.service import Service
from tests.web.problem import check_problem
from tests.web.tus.cut import find_row, make_content
from tests.web.tus.test_patch import find_sha256
from tests.web.tus.uploading import create, find_offset, head, patch, post

CONTENT = make_content(300_000)
LENGTH = str(len(CONTENT))


def write_behind_its_back(service: Service, path: str, content: bytes) -> None:
    """What a process leaves that was killed after it wrote and before it could say so."""
    name = find_row(service, path)["stored_name"]
    with (service.folder / "spool" / "store" / name).open("ab") as file:
        file.write(content)


def test_it_tells_offset_and_length_and_is_kept_by_nobody(client: httpx.Client) -> None:
    path = create(client, Upload_Length="10")
    patch(client, path, 0, b"hello")
    response = head(client, path)
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["Upload-Offset"] == "5"
    assert response.headers["Upload-Length"] == "10"
    assert response.headers["Cache-Control"] == "no-store"
    for name in ("Upload-Metadata", "Upload-Concat", "Upload-Defer-Length", "Job-Location"):
        assert name not in response.headers


def test_it_tells_what_the_store_has(service: Service, client: httpx.Client) -> None:
    path = create(client, Upload_Length=LENGTH)
    patch(client, path, 0, CONTENT[:100_000])
    write_behind_its_back(service, path, CONTENT[100_000:200_000])
    assert find_offset(client, path) == 200_000
    response = patch(client, path, 200_000, CONTENT[200_000:])
    sha256 = find_sha256(service, response.headers["Job-Location"])
    assert sha256 == hashlib.sha256(CONTENT).hexdigest()


def test_it_makes_the_job_that_a_dead_process_was_to_make(
    service: Service, client: httpx.Client
) -> None:
    path = create(client, Upload_Length=LENGTH)
    patch(client, path, 0, CONTENT[:100_000])
    write_behind_its_back(service, path, CONTENT[100_000:])
    response = head(client, path)
    assert response.headers["Upload-Offset"] == LENGTH
    assert "Upload-Expires" not in response.headers
    sha256 = find_sha256(service, response.headers["Job-Location"])
    assert sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert head(client, path).headers["Job-Location"] == response.headers["Job-Location"]


def test_it_finishes_a_part_that_a_dead_process_was_to_finish(
    service: Service, client: httpx.Client
) -> None:
    path = create(client, Upload_Length=LENGTH, Upload_Concat="partial")
    patch(client, path, 0, CONTENT[:100_000])
    write_behind_its_back(service, path, CONTENT[100_000:])
    check_problem(post(client, Upload_Concat=f"final;{path}"), 400, "upload_unfinished")
    assert find_offset(client, path) == len(CONTENT)
    assert post(client, Upload_Concat=f"final;{path}").status_code == 201


@pytest.mark.parametrize("upload_id", ["x", "00000000-0000-0000-0000-000000000000"])
def test_of_no_upload_there_is_no_offset(client: httpx.Client, upload_id: str) -> None:
    response = head(client, f"/uploads/{upload_id}")
    assert (response.status_code, response.content) == (404, b"")
    assert "Upload-Offset" not in response.headers


def test_it_puts_right_what_a_dead_process_said_too_early(
    service: Service, client: httpx.Client
) -> None:
    path = create(client, Upload_Length="10", Upload_Concat="partial")
    patch(client, path, 0, b"hello")
    key = UUID(path.removeprefix("/uploads/")).hex
    service.query('UPDATE processing_resumableupload SET "offset" = 10 WHERE id = ?', key)
    assert find_offset(client, path) == 5
    check_problem(post(client, Upload_Concat=f"final;{path}"), 400, "upload_unfinished")
    assert patch(client, path, 5, b" world"[:5]).status_code == 204
    assert post(client, Upload_Concat=f"final;{path}").status_code == 201
