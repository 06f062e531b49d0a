"""On Heroku: any host, and HTTPS for all but the probes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.service import Service, run_service

BEHIND_TLS = {"X-Forwarded-Proto": "https", "Host": "an-app.herokuapp.com"}


@pytest.fixture(scope="module")
def dyno(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("dyno")
    with run_service(folder, migrated_database, DYNO="web.1", ALLOWED_HOSTS="") as service:
        yield service


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/jobs/?state=queued&processor=%C3%A9"),
        ("POST", "/process_data?processor=summarize"),
        ("POST", "/upload_file"),
        ("GET", "//evil.example/x"),
    ],
)
def test_plain_http_is_sent_to_https_with_its_method_and_body(
    dyno: Service, method: str, path: str
) -> None:
    headers = {"Host": "an-app.herokuapp.com"}
    with dyno.client() as client:
        response = client.request(method, dyno.base_url + path, headers=headers)
    assert response.status_code == 308
    assert response.headers["Location"] == f"https://an-app.herokuapp.com{path}"


def test_what_the_router_took_by_https_is_served(dyno: Service) -> None:
    with dyno.client(headers=BEHIND_TLS) as client:
        assert client.post("/process_data", json=1).status_code == 202


def test_an_own_origin_is_the_name_that_the_router_passes_on(dyno: Service) -> None:
    origin = {"Origin": "https://an-app.herokuapp.com"}
    with dyno.client(headers=BEHIND_TLS | origin) as client:
        assert client.post("/process_data", json=1).status_code == 202


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_the_probes_are_not_redirected(dyno: Service, path: str) -> None:
    assert httpx.get(dyno.base_url + path).status_code == 200


def test_cookies_are_for_https_alone(dyno: Service) -> None:
    with dyno.client(headers=BEHIND_TLS) as client:
        response = client.get("/admin/login/")
    for cookie in response.headers.get_list("Set-Cookie"):
        assert "Secure" in cookie


def test_elsewhere_the_header_of_a_stranger_is_not_believed(
    migrated_database: Path, tmp_path: Path
) -> None:
    headers = BEHIND_TLS | {"Host": "plimsoll.test"}
    with run_service(tmp_path, migrated_database, SECURE_SSL_REDIRECT="1") as service:
        statuses = {}
        for peer in ("127.0.0.1", "127.0.0.9"):
            transport = httpx.HTTPTransport(local_address=peer)
            with httpx.Client(transport=transport) as client:
                response = client.get(f"{service.base_url}/jobs/", headers=headers)
            statuses[peer] = response.status_code
    assert statuses == {"127.0.0.1": 200, "127.0.0.9": 308}
