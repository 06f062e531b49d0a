"""Upload-Concat: several uploads become one, and one job."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.conftest import StartService
from tests.service import Service, run_cluster, wait_for
from tests.web.problem import check_problem
from tests.web.tus.cut import begin_patch, find_row
from tests.web.tus.uploading import create, encode_metadata, head, patch, post
from tests.web.wire import read_answer

PARTS = [b"hello ", b"", b"wor" * 100_000, b"ld"]


def upload_parts(client: httpx.Client, parts: list[bytes] = PARTS) -> list[str]:
    paths = []
    for part in parts:
        path = create(client, Upload_Length=str(len(part)), Upload_Concat="partial")
        response = patch(client, path, 0, part)
        assert response.headers["Upload-Offset"] == str(len(part))
        assert "Job-Location" not in response.headers
        paths.append(path)
    return paths


@pytest.mark.parametrize("form", ["relative", "absolute"])
def test_a_final_has_the_bytes_of_its_parts_in_order(
    start_service: StartService, form: str
) -> None:
    service = start_service()
    with service.client() as client:
        paths = upload_parts(client)
        base_url = service.base_url if form == "absolute" else ""
        concatenation = "final;" + " ".join(base_url + path for path in paths)
        metadata = encode_metadata(filename="joined.txt", processor="upper")
        final = post(client, Upload_Concat=concatenation, Upload_Metadata=metadata)
        assert final.status_code == 201, final.text
        told = head(client, final.headers["Location"])
        length = str(sum(map(len, PARTS)))
        assert told.headers["Upload-Offset"] == told.headers["Upload-Length"] == length
        assert told.headers["Upload-Concat"] == concatenation
        assert told.headers["Upload-Metadata"] == metadata
        assert told.headers["Job-Location"] == final.headers["Job-Location"]
        with run_cluster(service):
            job = client.get(f"{final.headers['Job-Location']}?wait=20").json()
        assert job["state"] == "succeeded", job
        assert client.get(job["result_url"]).content == b"".join(PARTS).upper()


def test_a_part_says_that_it_is_one(client: httpx.Client) -> None:
    [path] = upload_parts(client, [b"x"])
    told = head(client, path)
    assert told.headers["Upload-Concat"] == "partial"
    assert told.headers["Upload-Offset"] == "1"
    assert "Job-Location" not in told.headers
    assert "Upload-Expires" in told.headers


def test_the_same_final_asked_for_again_is_the_same(client: httpx.Client) -> None:
    concatenation = "final;" + " ".join(upload_parts(client, [b"a", b"b"]))
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: post(client, Upload_Concat=concatenation), range(4)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert len({answer.headers["Job-Location"] for answer in answers}) == 1


def test_nothing_is_appended_to_a_final(client: httpx.Client) -> None:
    concatenation = "final;" + " ".join(upload_parts(client, [b"a", b"b"]))
    final = post(client, Upload_Concat=concatenation).headers["Location"]
    check_problem(patch(client, final, 2, b"c"), 403, "final_upload")
    check_problem(patch(client, final, 2, b""), 403, "final_upload")
    assert head(client, final).headers["Upload-Offset"] == "2"


def test_a_final_brings_no_bytes_and_no_length(client: httpx.Client) -> None:
    concatenation = "final;" + " ".join(upload_parts(client, [b"a"]))
    check_problem(post(client, b"x", Upload_Concat=concatenation), 403, "final_upload")
    response = post(client, Upload_Concat=concatenation, Upload_Length="1")
    check_problem(response, 400, "invalid_header")


def test_parts_that_will_not_do_are_refused(client: httpx.Client) -> None:
    [done] = upload_parts(client, [b"a"])
    begun = create(client, Upload_Length="2", Upload_Concat="partial")
    single = create(client, Upload_Length="2")
    for urls, status, code in [
        ("", 400, "invalid_concatenation"),
        (f"{done} {done}", 400, "invalid_concatenation"),
        (f"{done} {single}", 400, "invalid_concatenation"),
        (f"{done} {begun}", 400, "upload_unfinished"),
        (f"{done} /jobs/x", 400, "invalid_concatenation"),
        (f"{done} http://[", 400, "invalid_concatenation"),
        (f"{done} http://evil.example{done}", 400, "invalid_concatenation"),
        (f"{done} /uploads/00000000-0000-0000-0000-000000000000", 404, "no_such_upload"),
    ]:
        check_problem(post(client, Upload_Concat=f"final;{urls}"), status, code)
    assert post(client, Upload_Concat=f"final;{done}").status_code == 201


def test_a_part_that_is_on_its_way_is_refused_until_it_is_here(
    service: Service, client: httpx.Client
) -> None:
    [done] = upload_parts(client, [b"a"])
    coming = create(client, Upload_Length="2", Upload_Concat="partial")
    concatenation = f"final;{done} {coming}"
    with begin_patch(service, coming, 0, b"b", 2) as connection:
        wait_for(lambda: find_row(service, coming)["holder"], 5, "it was not begun")
        locked = post(client, Upload_Concat=concatenation)
        assert coming.split("/")[-1] in check_problem(locked, 423, "upload_locked")["detail"]
        assert int(locked.headers["Retry-After"]) > 0
        connection.sendall(b"c")
        assert read_answer(connection, "PATCH").status == 204
    assert head(client, post(client, Upload_Concat=concatenation).headers["Location"]).is_success


def test_a_part_that_the_store_has_not_is_refused(service: Service, client: httpx.Client) -> None:
    paths = upload_parts(client, [b"a", b"bc"])
    concatenation = "final;" + " ".join(paths)
    file = service.folder / "spool" / "store" / find_row(service, paths[1])["stored_name"]
    for content in (b"b", None):
        file.write_bytes(content) if content else file.unlink()
        refused = post(client, Upload_Concat=concatenation)
        assert paths[1].split("/")[-1] in check_problem(refused, 400, "upload_unfinished")["detail"]
    file.write_bytes(b"bc")
    assert post(client, Upload_Concat=concatenation).status_code == 201


def test_one_that_is_larger_than_an_upload_may_be_is_refused(start_service: StartService) -> None:
    service = start_service(UPLOAD_MAX_BYTES="10")
    with service.client() as client:
        paths = upload_parts(client, [b"x" * 6, b"x" * 6])
        response = post(client, Upload_Concat="final;" + " ".join(paths))
        check_problem(response, 413, "upload_too_large")
