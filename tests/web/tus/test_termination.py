"""DELETE /uploads/<id>: the upload ends, and what nobody needs goes with it."""

from __future__ import annotations

import httpx

from tests.service import Service, wait_for
from tests.web.problem import check_problem
from tests.web.tus.cut import begin_patch
from tests.web.tus.uploading import TUS, create, head, patch
from tests.web.wire import read_answer


def test_an_unfinished_upload_is_removed_with_its_bytes(
    service: Service, client: httpx.Client
) -> None:
    before = set(service.find_spooled())
    path = create(client, Upload_Length="11")
    patch(client, path, 0, b"hello")
    assert len(set(service.find_spooled()) - before) == 1
    response = client.delete(path, headers=TUS)
    assert (response.status_code, response.content) == (204, b"")
    assert set(service.find_spooled()) == before
    assert head(client, path).status_code == 404
    check_problem(patch(client, path, 5, b" world"), 404, "no_such_upload")
    check_problem(client.delete(path, headers=TUS), 404, "no_such_upload")


def test_a_job_keeps_what_it_reads(service: Service, client: httpx.Client) -> None:
    path = create(client, Upload_Length="5")
    kept = set(service.find_spooled())
    job_location = patch(client, path, 0, b"hello").headers["Job-Location"]
    ended = client.delete(path, headers=TUS)
    assert (ended.status_code, ended.headers["Job-Location"]) == (204, job_location)
    assert head(client, path).status_code == 410
    check_problem(patch(client, path, 5, b""), 410, "upload_expired")
    assert client.get(job_location).json()["state"] == "queued"
    assert set(service.find_spooled()) == kept


def test_a_request_that_brings_bytes_is_ended(service: Service, client: httpx.Client) -> None:
    before = set(service.find_spooled())
    path = create(client, Upload_Length="1000000")
    with begin_patch(service, path, 0, b"x" * 500_000, 1_000_000) as connection:
        [file] = set(service.find_spooled()) - before
        wait_for(lambda: file.stat().st_size, 5, "nothing came")
        assert client.delete(path, headers=TUS).status_code == 204
        assert read_answer(connection, "PATCH").status == 423
    assert set(service.find_spooled()) == before
    assert head(client, path).status_code == 404
