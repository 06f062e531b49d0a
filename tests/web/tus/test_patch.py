"""PATCH /uploads/<id>: a piece is appended where the upload goes on, and nowhere else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import httpx
import pytest

from tests.service import Service
from tests.web.problem import check_problem
from tests.web.tus.uploading import CONTENT_TYPE, TUS, create, find_offset, head, patch

CONTENT = bytes(range(256)) * 1000


def find_sha256(service: Service, job_location: str) -> str:
    [(sha256,)] = service.query(
        "SELECT sha256 FROM processing_upload JOIN processing_job"
        " ON upload_id = processing_upload.id WHERE processing_job.id = ?",
        job_location.removeprefix("/jobs/").replace("-", ""),
    )
    return str(sha256)


def test_an_upload_in_three_pieces_becomes_a_job(service: Service, client: httpx.Client) -> None:
    path = create(client, Upload_Length=str(len(CONTENT)))
    for start, end in ((0, 10), (10, 200_000), (200_000, len(CONTENT))):
        response = patch(client, path, start, CONTENT[start:end])
        assert response.status_code == 204, response.text
        assert response.headers["Upload-Offset"] == str(end)
        assert "Content-Length" not in response.headers
    job = client.get(response.headers["Job-Location"]).json()
    assert (job["processor"], job["state"]) == ("upper", "queued")
    sha256 = find_sha256(service, response.headers["Job-Location"])
    assert sha256 == hashlib.sha256(CONTENT).hexdigest()


def test_a_chunked_body_is_taken_too(service: Service, client: httpx.Client) -> None:
    def send() -> Iterator[bytes]:
        for start in range(0, len(CONTENT), 1000):
            yield CONTENT[start : start + 1000]

    path = create(client, Upload_Length=str(len(CONTENT)))
    headers = {**TUS, "Content-Type": CONTENT_TYPE, "Upload-Offset": "0"}
    response = client.patch(path, content=send(), headers=headers)
    assert response.headers["Upload-Offset"] == str(len(CONTENT))
    sha256 = find_sha256(service, response.headers["Job-Location"])
    assert sha256 == hashlib.sha256(CONTENT).hexdigest()


@pytest.mark.parametrize("offset", [0, 4, 6, 11])
def test_a_piece_for_another_offset_is_refused(client: httpx.Client, offset: int) -> None:
    path = create(client, Upload_Length="11")
    patch(client, path, 0, b"hello")
    check_problem(patch(client, path, offset, b"x"), 409, "offset_mismatch")
    assert find_offset(client, path) == 5


@pytest.mark.parametrize("offset", ["", "-1", "x", "0x1", "1" * 19, None])
def test_an_offset_that_makes_no_sense_is_refused(client: httpx.Client, offset: str | None) -> None:
    path = create(client, Upload_Length="11")
    headers = {**TUS, "Content-Type": CONTENT_TYPE}
    if offset is not None:
        headers["Upload-Offset"] = offset
    check_problem(client.patch(path, content=b"x", headers=headers), 400, "invalid_header")


@pytest.mark.parametrize("media_type", [None, "application/octet-stream"])
def test_a_body_of_another_type_is_refused(client: httpx.Client, media_type: str | None) -> None:
    path = create(client, Upload_Length="11")
    headers = {**TUS, "Upload-Offset": "0"}
    if media_type is not None:
        headers["Content-Type"] = media_type
    response = client.patch(path, content=b"x", headers=headers)
    check_problem(response, 415, "unsupported_media_type")


def test_nothing_beyond_the_length_is_kept(client: httpx.Client) -> None:
    def send() -> Iterator[bytes]:
        yield b"hello"
        yield b" world"

    path = create(client, Upload_Length="10")
    check_problem(patch(client, path, 0, b"hello world"), 413, "upload_too_large")
    headers = {**TUS, "Content-Type": CONTENT_TYPE, "Upload-Offset": "0"}
    check_problem(client.patch(path, content=send(), headers=headers), 413, "upload_too_large")
    assert find_offset(client, path) == 0
    assert patch(client, path, 0, b"hello worl").headers["Job-Location"]


def test_a_complete_upload_answers_with_its_job_again(client: httpx.Client) -> None:
    path = create(client, Upload_Length="5")
    job_location = patch(client, path, 0, b"hello").headers["Job-Location"]
    again = patch(client, path, 5, b"")
    assert (again.status_code, again.headers["Job-Location"]) == (204, job_location)
    assert "Upload-Expires" not in again.headers
    refusals = {
        "offset_mismatch": patch(client, path, 0, b"hello"),
        "upload_too_large": patch(client, path, 5, b"!"),
        "invalid_upload_length": patch(client, path, 5, b"", Upload_Length="6"),
    }
    for code, refusal in refusals.items():
        check_problem(refusal, refusal.status_code, code)
        assert refusal.headers["Job-Location"] == job_location
    assert [refusal.status_code for refusal in refusals.values()] == [409, 413, 400]
    assert head(client, path).headers["Job-Location"] == job_location


def test_a_file_that_the_store_has_lost_is_gone(service: Service, client: httpx.Client) -> None:
    before = set(service.find_spooled())
    path = create(client, Upload_Length="5")
    [file] = set(service.find_spooled()) - before
    file.unlink()
    assert head(client, path).status_code == 410
    check_problem(patch(client, path, 0, b"hello"), 410, "upload_expired")
