"""X-HTTP-Method-Override: for clients and proxies that know GET and POST alone."""

from __future__ import annotations

import httpx
import pytest

from tests.web.problem import check_problem
from tests.web.tus.uploading import CONTENT_TYPE, TUS, create, head

OVERRIDE = "X-HTTP-Method-Override"


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_whole_upload_by_one_method(client: httpx.Client, method: str) -> None:
    path = create(client, Upload_Length="5")
    sent = {**TUS, OVERRIDE: "PATCH", "Upload-Offset": "0", "Content-Type": CONTENT_TYPE}
    response = client.request(method, path, content=b"hell", headers=sent)
    assert (response.status_code, response.headers["Upload-Offset"]) == (204, "4")
    response = client.request(method, path, headers={**TUS, OVERRIDE: "head"})
    assert (response.status_code, response.headers["Upload-Offset"]) == (200, "4")
    response = client.request(method, path, headers={**TUS, OVERRIDE: "DELETE"})
    assert response.status_code == 204
    assert head(client, path).status_code == 404


def test_an_error_has_the_body_that_the_method_on_the_wire_has(client: httpx.Client) -> None:
    response = client.post("/uploads/nothing", headers={**TUS, OVERRIDE: "HEAD"})
    check_problem(response, 404, "no_such_upload")
    response = client.head("/uploads/nothing", headers={**TUS, OVERRIDE: "DELETE"})
    assert (response.status_code, response.content) == (404, b"")


def test_it_is_for_uploads_alone(client: httpx.Client) -> None:
    assert client.post("/healthz", headers={OVERRIDE: "GET"}).status_code == 405
    response = client.post("/uploads/", headers={**TUS, OVERRIDE: "PUT"})
    check_problem(response, 405, "method_not_allowed")
