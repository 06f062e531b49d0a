"""Upload-Checksum: a piece that is not what it was meant to be is not kept."""

from __future__ import annotations

import base64
import hashlib

import httpx
import pytest

from tests.service import Service, wait_for
from tests.web.problem import check_problem
from tests.web.tus.cut import begin_patch, find_row
from tests.web.tus.test_patch import find_sha256
from tests.web.tus.uploading import create, find_offset, head, patch, post

CONTENT = bytes(range(256)) * 2000


def make_checksum(content: bytes, algorithm: str = "sha1") -> str:
    digest = hashlib.new(algorithm, content).digest()
    return f"{algorithm} {base64.b64encode(digest).decode()}"


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_pieces_with_the_right_one_are_kept(
    service: Service, client: httpx.Client, algorithm: str
) -> None:
    path = create(client, Upload_Length=str(len(CONTENT)))
    for start in range(0, len(CONTENT), 256_000):
        piece = CONTENT[start : start + 256_000]
        response = patch(
            client, path, start, piece, Upload_Checksum=make_checksum(piece, algorithm)
        )
        assert response.status_code == 204, response.text
    sha256 = find_sha256(service, response.headers["Job-Location"])
    assert sha256 == hashlib.sha256(CONTENT).hexdigest()


def test_only_the_wrong_piece_is_discarded(service: Service, client: httpx.Client) -> None:
    path = create(client, Upload_Length=str(len(CONTENT)))
    first, rest = CONTENT[:200_000], CONTENT[200_000:]
    assert patch(client, path, 0, first, Upload_Checksum=make_checksum(first)).is_success
    for piece in (rest[:1000], rest):
        response = patch(client, path, len(first), piece, Upload_Checksum=make_checksum(b"other"))
        assert check_problem(response, 460, "checksum_mismatch")["title"] == "Checksum Mismatch"
        assert find_offset(client, path) == len(first)
        row = find_row(service, path)
        assert (row["offset"], row["digest_offset"]) == (len(first), len(first))
    response = patch(client, path, len(first), rest, Upload_Checksum=make_checksum(rest))
    sha256 = find_sha256(service, response.headers["Job-Location"])
    assert sha256 == hashlib.sha256(CONTENT).hexdigest()


def test_a_mismatch_of_the_last_piece_makes_no_job(client: httpx.Client) -> None:
    path = create(client, Upload_Length="5")
    response = patch(client, path, 0, b"hellO", Upload_Checksum=make_checksum(b"hello"))
    check_problem(response, 460, "checksum_mismatch")
    assert "Job-Location" not in head(client, path).headers


@pytest.mark.parametrize(
    ("checksum", "code"),
    [
        ("md5 XUFAKrxLKna5cZ2REBfFkg==", "unsupported_algorithm"),
        ("SHA1 qvTGHdzF6KLavt4PO0gs2a6pQ00=", "unsupported_algorithm"),
        ("", "unsupported_algorithm"),
        ("sha1", "invalid_header"),
        ("sha1 !", "invalid_header"),
        ("sha1 aGVsbG8=", "invalid_header"),
    ],
)
def test_one_that_makes_no_sense_is_refused(client: httpx.Client, checksum: str, code: str) -> None:
    path = create(client, Upload_Length="5")
    check_problem(patch(client, path, 0, b"hello", Upload_Checksum=checksum), 400, code)
    assert find_offset(client, path) == 0


def test_an_incomplete_piece_is_discarded(service: Service, client: httpx.Client) -> None:
    path = create(client, Upload_Length=str(len(CONTENT)))
    patch(client, path, 0, CONTENT[:1000])
    headers = {"Upload_Checksum": make_checksum(CONTENT[1000:])}
    before_bytes = find_store_bytes(service)
    length = len(CONTENT) - 1000
    with begin_patch(service, path, 1000, CONTENT[1000:400_000], length, **headers):
        wait_for(lambda: find_store_bytes(service) > before_bytes, 5, "nothing came")
    wait_for(lambda: find_store_bytes(service) == before_bytes, 5, "it was kept")
    assert find_offset(client, path) == 1000
    response = patch(client, path, 1000, CONTENT[1000:])
    sha256 = find_sha256(service, response.headers["Job-Location"])
    assert sha256 == hashlib.sha256(CONTENT).hexdigest()


def test_it_is_checked_at_the_creation_too(client: httpx.Client) -> None:
    checksum = make_checksum(b"hello")
    response = post(client, b"hellO", Upload_Length="5", Upload_Checksum=checksum)
    check_problem(response, 460, "checksum_mismatch")
    assert find_offset(client, response.headers["Location"]) == 0
    response = patch(client, response.headers["Location"], 0, b"hello", Upload_Checksum=checksum)
    assert response.headers["Job-Location"].startswith("/jobs/")


def find_store_bytes(service: Service) -> int:
    return sum(path.stat().st_size for path in service.find_spooled())
