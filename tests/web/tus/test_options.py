"""OPTIONS: what this service can do, and which version of tus it speaks."""

from __future__ import annotations

import httpx
import pytest

from tests.web.problem import check_problem
from tests.web.tus.uploading import TUS, create

EXTENSIONS = {
    "creation",
    "creation-with-upload",
    "creation-defer-length",
    "expiration",
    "checksum",
    "termination",
    "concatenation",
}


@pytest.mark.parametrize("path", ["/uploads", "/uploads/", "/uploads/any"])
def test_it_tells_version_extensions_and_limits(client: httpx.Client, path: str) -> None:
    response = client.options(path)
    assert response.status_code == 204
    assert response.headers["Tus-Version"] == "1.0.0"
    assert set(response.headers["Tus-Extension"].split(",")) == EXTENSIONS
    assert response.headers["Tus-Max-Size"] == str(2048 * 1024**2)
    assert set(response.headers["Tus-Checksum-Algorithm"].split(",")) == {"sha1", "sha256"}
    assert response.headers["Tus-Resumable"] == "1.0.0"


@pytest.mark.parametrize("version", [None, "0.2.2", "1.0.1", ""])
@pytest.mark.parametrize("method", ["POST", "HEAD", "PATCH", "DELETE"])
def test_another_version_is_refused_and_told_ours(
    client: httpx.Client, method: str, version: str | None
) -> None:
    path = "/uploads/" if method == "POST" else create(client, Upload_Length="1")
    headers = {} if version is None else {"Tus-Resumable": version}
    response = client.request(method, path, headers=headers)
    assert response.status_code == 412
    assert response.headers["Tus-Version"] == response.headers["Tus-Resumable"] == "1.0.0"
    if method != "HEAD":
        check_problem(response, 412, "unsupported_version")


def test_every_error_says_the_version(client: httpx.Client) -> None:
    for method, path, status in [
        ("GET", "/uploads/", 405),
        ("POST", "/uploads/", 400),
        ("PATCH", "/uploads/nothing", 415),
        ("DELETE", "/uploads/nothing", 404),
    ]:
        response = client.request(method, path, headers=TUS)
        assert response.status_code == status, response.text
        assert response.headers["Tus-Resumable"] == "1.0.0"
        assert response.headers["Content-Type"] == "application/problem+json"
