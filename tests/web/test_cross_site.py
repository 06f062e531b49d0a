"""Pages of other sites are kept out, and so are hosts that are not ours."""

from __future__ import annotations

import httpx
import pytest

from tests.service import OWNER_TOKEN, Service, bearer
from tests.web.problem import check_problem
from tests.web.wire import exchange

FOREIGN = [
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://evil.example"},
    {"Origin": "https://127.0.0.1.evil.example"},
    {"Origin": "http://["},
    {"Origin": "http://127.0.0.1@evil.example"},
    {"Sec-Fetch-Site": "cross-site"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/jobs/"), ("POST", "/process_data"), ("POST", "/upload_file")]
)
def test_a_page_of_another_site_is_kept_out(
    client: httpx.Client, method: str, path: str, headers: dict[str, str]
) -> None:
    check_problem(client.request(method, path, headers=headers), 403, "cross_origin")


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_token_may_come_from_any_page(client: httpx.Client, headers: dict[str, str]) -> None:
    response = client.get("/jobs/", headers=headers | bearer(OWNER_TOKEN))
    assert response.status_code == 200


@pytest.mark.parametrize("site", ["same-origin", "same-site", "none"])
def test_our_own_pages_may_ask(client: httpx.Client, service: Service, site: str) -> None:
    headers = {"Origin": service.base_url, "Sec-Fetch-Site": site}
    assert client.post("/process_data", json=1, headers=headers).status_code == 202


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_the_probes_answer_any_page_and_any_host(client: httpx.Client, path: str) -> None:
    headers = {"Origin": "http://evil.example", "Host": "evil.example"}
    assert client.get(path, headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/", "/jobs/", "/static/x", "/nothing", "/get_external_data"])
@pytest.mark.parametrize("host", ["evil.example", "a b", "127.0.0.1.evil.example", "[::1", "\xff"])
def test_another_host_is_refused(service: Service, path: str, host: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode("latin-1")
    answer = exchange(service, request)
    assert answer.status == 400
    assert b'"code": "invalid_host"' in answer.body


def test_another_host_is_refused_by_the_admin(client: httpx.Client) -> None:
    assert client.get("/admin/", headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("host", ["plimsoll.test", "PLIMSOLL.test:8000", "localhost", "127.0.0.1"])
def test_a_host_of_allowed_hosts_is_served(client: httpx.Client, host: str) -> None:
    assert client.get("/jobs/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("name", ["X-Forwarded-Host", "Forwarded", "X-Original-Host"])
def test_no_other_header_names_the_host(client: httpx.Client, name: str) -> None:
    headers = {"Host": "evil.example", name: "host=127.0.0.1"}
    check_problem(client.get("/jobs/", headers=headers), 400, "invalid_host")
