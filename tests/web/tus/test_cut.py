"""A body that ends before its end: what came is kept, and the upload goes on from there."""

from __future__ import annotations

import hashlib
import json
import time

import httpx
import pytest

from processing.web.body import BODY_STALL_SECONDS
from tests.service import Service, wait_for
from tests.web.problem import check_document
from tests.web.tus.cut import (
    begin_patch,
    find_kept_bytes,
    find_row,
    make_content,
    read_kept,
    wait_until_free,
    wait_until_kept,
)
from tests.web.tus.test_patch import find_sha256
from tests.web.tus.uploading import CONTENT_TYPE, create, find_offset, head, patch
from tests.web.wire import read_answer, write_head

CONTENT = make_content(1_000_000)
LENGTH = str(len(CONTENT))
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.mark.parametrize("sent_bytes", [1, 1000, 64 * 1024, 700_001])
def test_what_came_before_a_cut_is_kept(
    service: Service, client: httpx.Client, sent_bytes: int
) -> None:
    path = create(client, Upload_Length=LENGTH)
    with begin_patch(service, path, 0, CONTENT[:sent_bytes], len(CONTENT)):
        wait_for(lambda: find_row(service, path)["holder"], 5, "it was not begun")
        least_bytes = sent_bytes // (64 * 1024) * 64 * 1024
        wait_until_kept(service, path, least_bytes)
    offset = find_offset(client, path)
    assert least_bytes <= offset <= sent_bytes
    wait_until_free(service, path)
    row = find_row(service, path)
    assert (row["offset"], row["digest_offset"]) == (offset, offset)
    assert read_kept(service, path) == CONTENT[:offset]
    response = patch(client, path, offset, CONTENT[offset:])
    assert find_sha256(service, response.headers["Job-Location"]) == SHA256


def test_what_came_of_a_chunked_body_is_kept_too(service: Service, client: httpx.Client) -> None:
    path = create(client, Upload_Length=LENGTH)
    headers = {"Tus_Resumable": "1.0.0", "Content_Type": CONTENT_TYPE, "Upload_Offset": 0}
    request = write_head("PATCH", path, **headers, Transfer_Encoding="chunked")
    with service.connect() as connection:
        connection.sendall(request + b"%x\r\n" % len(CONTENT) + CONTENT[:300_000])
        wait_until_kept(service, path, 256 * 1024)
    offset = find_offset(client, path)
    assert 256 * 1024 <= offset <= 300_000
    response = patch(client, path, offset, CONTENT[offset:])
    assert find_sha256(service, response.headers["Job-Location"]) == SHA256


def test_a_client_that_comes_again_takes_over_from_its_dead_connection(
    service: Service, client: httpx.Client
) -> None:
    path = create(client, Upload_Length=LENGTH)
    with begin_patch(service, path, 0, CONTENT[:300_000], len(CONTENT)) as dead:
        wait_until_kept(service, path, 256 * 1024)
        began_at = time.monotonic()
        assert find_offset(client, path) == 300_000
        assert time.monotonic() - began_at < 3
        answer = read_answer(dead, "PATCH")
        check_document(answer.headers["content-type"], answer.body, 423, "upload_locked")
        response = patch(client, path, 300_000, CONTENT[300_000:])
    assert find_sha256(service, response.headers["Job-Location"]) == SHA256


def test_a_second_piece_for_the_same_offset_never_mixes_with_the_first(
    service: Service, client: httpx.Client
) -> None:
    path = create(client, Upload_Length=LENGTH)
    with begin_patch(service, path, 0, b"a" * 200_000, 1_000_000) as first:
        wait_until_kept(service, path, 128 * 1024)
        response = patch(client, path, 0, b"b" * 1_000_000)
        assert response.status_code == 409
        assert read_answer(first, "PATCH").status == 423
    assert set(read_kept(service, path)) == {ord("a")}
    assert find_offset(client, path) == find_kept_bytes(service, path) == 200_000


def test_a_client_that_leaves_with_its_last_byte_has_its_job(
    service: Service, client: httpx.Client
) -> None:
    path = create(client, Upload_Length=LENGTH)
    begin_patch(service, path, 0, CONTENT, len(CONTENT)).close()
    wait_until_free(service, path)
    offset = find_offset(client, path)
    if offset < len(CONTENT):  # the server was told of the end before of the last bytes
        patch(client, path, offset, CONTENT[offset:])
    job_location = head(client, path).headers["Job-Location"]
    assert find_sha256(service, job_location) == SHA256


def test_a_body_that_stalls_is_a_503_to_be_tried_again_and_what_came_is_kept(
    service: Service, client: httpx.Client
) -> None:
    path = create(client, Upload_Length=LENGTH)
    began_at = time.monotonic()
    with begin_patch(service, path, 0, CONTENT[:1000], len(CONTENT)) as connection:
        answer = read_answer(connection, "PATCH")
    check_document(answer.headers["content-type"], answer.body, 503, "upload_interrupted")
    assert "Nothing of the body arrived" in json.loads(answer.body)["detail"]
    assert BODY_STALL_SECONDS - 1 < time.monotonic() - began_at < BODY_STALL_SECONDS + 8
    assert find_offset(client, path) == 1000
    assert "Traceback" not in service.log
