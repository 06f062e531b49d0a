"""POST /uploads/: a new upload, with or without its first bytes."""

from __future__ import annotations

import hashlib
from uuid import UUID, uuid4

import httpx
import pytest

from tests.conftest import StartService
from tests.service import Service
from tests.web.problem import check_document, check_problem
from tests.web.tus.uploading import (
    CONTENT_TYPE,
    TUS,
    create,
    encode_metadata,
    find_offset,
    head,
    patch,
    post,
)
from tests.web.wire import GIB, exchange, write_head


@pytest.mark.parametrize("path", ["/uploads", "/uploads/"])
def test_an_upload_is_made(client: httpx.Client, path: str) -> None:
    response = client.post(path, headers={**TUS, "Upload-Length": "10"})
    assert response.status_code == 201, response.text
    upload_id = response.headers["Location"].removeprefix("/uploads/")
    assert str(UUID(upload_id)) == upload_id
    assert response.headers["Upload-Offset"] == "0"
    assert "Job-Location" not in response.headers
    assert find_offset(client, response.headers["Location"]) == 0


def test_one_of_zero_length_is_a_job_at_once(client: httpx.Client) -> None:
    response = post(client, Upload_Length="0")
    assert response.status_code == 201
    job = client.get(response.headers["Job-Location"]).json()
    assert (job["processor"], job["state"]) == ("upper", "queued")
    told = head(client, response.headers["Location"])
    assert told.headers["Job-Location"] == response.headers["Job-Location"]
    assert told.headers["Upload-Offset"] == told.headers["Upload-Length"] == "0"


def test_the_whole_file_may_come_with_it(service: Service, client: httpx.Client) -> None:
    content = b"hello\n" * 50_000
    response = post(client, content, Upload_Length=str(len(content)))
    assert (response.status_code, response.headers["Upload-Offset"]) == (201, str(len(content)))
    job_id = UUID(response.headers["Job-Location"].removeprefix("/jobs/")).hex
    [(sha256, stored_name)] = service.query(
        "SELECT sha256, stored_name FROM processing_upload JOIN processing_job"
        " ON processing_upload.id = upload_id WHERE processing_job.id = ?",
        job_id,
    )
    assert sha256 == hashlib.sha256(content).hexdigest()
    assert (service.folder / "spool" / "store" / stored_name).read_bytes() == content


def test_the_beginning_may_come_with_it(client: httpx.Client) -> None:
    response = post(client, b"hello", Upload_Length="11")
    assert (response.status_code, response.headers["Upload-Offset"]) == (201, "5")
    rest = patch(client, response.headers["Location"], 5, b" world")
    assert rest.headers["Upload-Offset"] == "11"
    assert rest.headers["Job-Location"].startswith("/jobs/")


def test_metadata_names_the_file_its_type_and_the_processor(
    service: Service, client: httpx.Client
) -> None:
    metadata = encode_metadata(filename="../ü.csv", filetype="text/csv", processor="sha256")
    metadata += ",is_confidential,empty"
    response = post(client, b"x", Upload_Length="1", Upload_Metadata=metadata)
    job = client.get(response.headers["Job-Location"]).json()
    assert job["processor"] == "sha256"
    [row] = service.query(
        "SELECT filename, media_type FROM processing_upload JOIN processing_job"
        " ON processing_upload.id = upload_id WHERE processing_job.id = ?",
        UUID(job["id"]).hex,
    )
    assert row == ("ü.csv", "text/csv")
    assert head(client, response.headers["Location"]).headers["Upload-Metadata"] == metadata


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "invalid_header"),
        ({"Upload_Length": "-1"}, "invalid_header"),
        ({"Upload_Length": "1.5"}, "invalid_header"),
        ({"Upload_Length": "9" * 19}, "invalid_header"),
        ({"Upload_Length": ""}, "invalid_header"),
        ({"Upload_Defer_Length": "2"}, "invalid_header"),
        ({"Upload_Length": "1", "Upload_Defer_Length": "1"}, "invalid_header"),
        ({"Upload_Length": "1", "Upload_Metadata": "filename x!"}, "invalid_header"),
        ({"Upload_Length": "1", "Upload_Metadata": "a eA==,a eA=="}, "invalid_header"),
        ({"Upload_Length": "1", "Upload_Metadata": ",a eA=="}, "invalid_header"),
        ({"Upload_Length": "1", "Upload_Concat": "whole"}, "invalid_concatenation"),
        (
            {"Upload_Length": "1", "Upload_Metadata": encode_metadata(processor="echo")},
            "unknown_processor",
        ),
        (
            {"Upload_Length": "1", "Upload_Metadata": encode_metadata(processor="no\0pe")},
            "unknown_processor",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(
    service: Service, client: httpx.Client, headers: dict[str, str], code: str
) -> None:
    [(before,)] = service.query("SELECT COUNT(*) FROM processing_resumableupload")
    check_problem(post(client, **headers), 400, code)
    [(after,)] = service.query("SELECT COUNT(*) FROM processing_resumableupload")
    assert before == after


def test_a_body_of_another_type_is_refused(client: httpx.Client) -> None:
    headers = {**TUS, "Upload-Length": "1", "Content-Type": "text/plain"}
    check_problem(
        client.post("/uploads/", content=b"x", headers=headers), 415, "unsupported_media_type"
    )


def test_an_empty_body_may_have_any_type(client: httpx.Client) -> None:
    headers = {**TUS, "Upload-Length": "1", "Content-Type": "text/plain"}
    assert client.post("/uploads/", headers=headers).status_code == 201


def test_one_over_the_limit_is_refused_before_a_byte_of_it(service: Service) -> None:
    request = write_head(
        "POST",
        "/uploads/",
        Tus_Resumable="1.0.0",
        Content_Type=CONTENT_TYPE,
        Upload_Length=3 * GIB,
        Content_Length=3 * GIB,
    )
    answer = exchange(service, request)
    check_document(answer.headers["content-type"], answer.body, 413, "upload_too_large")


def test_a_body_longer_than_the_upload_is_refused(client: httpx.Client) -> None:
    check_problem(post(client, b"xxx", Upload_Length="2"), 413, "upload_too_large")


def test_a_deferred_length_is_told_later(client: httpx.Client) -> None:
    path = create(client, Upload_Defer_Length="1")
    told = head(client, path)
    assert (told.headers["Upload-Defer-Length"], told.headers.get("Upload-Length")) == ("1", None)
    assert patch(client, path, 0, b"hello").headers["Upload-Offset"] == "5"
    check_problem(patch(client, path, 5, b"", Upload_Length="4"), 400, "invalid_upload_length")
    assert find_offset(client, path) == 5
    last = patch(client, path, 5, b" world", Upload_Length="11")
    assert last.headers["Job-Location"].startswith("/jobs/")
    told = head(client, path)
    assert told.headers["Upload-Length"] == "11"
    assert "Upload-Defer-Length" not in told.headers


def test_the_length_is_told_once(client: httpx.Client) -> None:
    path = create(client, Upload_Defer_Length="1")
    patch(client, path, 0, b"hello", Upload_Length="11")
    assert patch(client, path, 5, b"", Upload_Length="11").status_code == 204
    check_problem(patch(client, path, 5, b"", Upload_Length="12"), 400, "invalid_upload_length")


def test_a_client_may_end_a_deferred_one_with_an_empty_piece(client: httpx.Client) -> None:
    path = create(client, Upload_Defer_Length="1")
    patch(client, path, 0, b"hello")
    last = patch(client, path, 5, b"", Upload_Length="5")
    assert last.headers["Job-Location"].startswith("/jobs/")


def test_a_deferred_one_is_refused_as_soon_as_it_passes_the_limit(
    start_service: StartService,
) -> None:
    service = start_service(UPLOAD_MAX_BYTES="100000")
    with service.client() as client:
        path = create(client, Upload_Defer_Length="1")
        assert patch(client, path, 0, b"x" * 60_000).status_code == 204
        check_problem(patch(client, path, 60_000, b"x" * 40_001), 413, "upload_too_large")

        def send() -> bytes:
            yield from [b"x" * 10_000] * 1000  # type: ignore[misc]

        headers = {**TUS, "Content-Type": CONTENT_TYPE, "Upload-Offset": "60000"}
        answer = client.patch(path, content=send(), headers=headers)  # type: ignore[arg-type]
        check_problem(answer, 413, "upload_too_large")
        assert find_offset(client, path) == 60_000
        assert patch(client, path, 60_000, b"x" * 40_000, Upload_Length="100000").is_success


def test_an_upload_that_nobody_knows_is_no_upload(client: httpx.Client) -> None:
    assert head(client, f"/uploads/{uuid4()}").status_code == 404
    check_problem(patch(client, f"/uploads/{uuid4()}", 0, b"x"), 404, "no_such_upload")
    check_problem(patch(client, "/uploads/x%00y", 0, b"x"), 404, "no_such_upload")


@pytest.mark.parametrize("framing", [{"Content_Length": 5}, {"Transfer_Encoding": "chunked"}])
def test_a_body_of_another_type_is_refused_however_it_is_framed(
    service: Service, framing: dict[str, str | int]
) -> None:
    headers = {"Tus_Resumable": "1.0.0", "Upload_Length": 5, "Content_Type": "text/plain"}
    body = b"hello" if "Content_Length" in framing else b"5\r\nhello\r\n0\r\n\r\n"
    answer = exchange(service, write_head("POST", "/uploads/", **headers, **framing) + body)
    check_document(answer.headers["content-type"], answer.body, 415, "unsupported_media_type")
