"""The page as it is served: to whom, with what around it, and nothing from elsewhere in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from django.contrib.staticfiles import finders

from tests.conftest import StartService
from tests.console.conftest import SETTINGS
from tests.service import OWNER_TOKEN, Service
from tests.web.problem import check_problem

LOGIN = "/admin/login/?next=/"


@pytest.fixture(scope="module")
def text(service: Service) -> str:
    return httpx.get(f"{service.base_url}/").text


def test_anybody_sees_it_where_anybody_may_use_the_api(client: httpx.Client) -> None:
    response = client.get("/")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "set-cookie" not in response.headers
    assert client.head("/").headers["Content-Length"] == response.headers["Content-Length"]
    check_problem(client.post("/"), 405, "method_not_allowed")


def test_a_browser_that_is_not_known_is_led_to_the_login_and_a_program_is_not(
    start_service: StartService,
) -> None:
    service = start_service(API_ALLOW_ANONYMOUS="0")
    with service.client() as client:
        for method in ("GET", "HEAD"):
            response = client.request(method, "/")
            assert (response.status_code, response.headers["Location"]) == (302, LOGIN)
        assert client.get(LOGIN).status_code == 200
        check_problem(client.post("/"), 401, "unauthorized")
        check_problem(client.get("/", headers={"Authorization": "Bearer x"}), 401, "unauthorized")
    with service.client(OWNER_TOKEN) as client:
        assert client.get("/").status_code == 200


def test_a_link_on_another_site_leads_to_it(client: httpx.Client) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert client.get("/", headers=headers).status_code == 200
    check_problem(client.get("/jobs/", headers=headers), 403, "cross_origin")


def test_a_session_has_its_csrf_cookie_renewed(client: httpx.Client) -> None:
    cookies = {"sessionid": "a" * 32, "csrftoken": "b" * 32}
    answer = client.get("/", headers={"Cookie": "; ".join(map("=".join, cookies.items()))})
    assert answer.cookies["csrftoken"] == "b" * 32
    again = client.get("/", headers={"Cookie": f"sessionid={'a' * 32}"})
    assert len(again.cookies["csrftoken"]) == 32


def test_a_browser_is_told_to_take_nothing_from_elsewhere(client: httpx.Client) -> None:
    policy = client.get("/").headers["Content-Security-Policy"].split("; ")
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert not [rule for rule in policy if "unsafe" in rule or "http" in rule]


def test_nothing_in_it_is_inline_or_from_elsewhere(text: str) -> None:
    assert not re.findall(r"<style|\sstyle=|\son\w+=|javascript:", text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))
    links = re.findall(r'(?:src|href)="([^"]*)"', text)
    assert links
    assert all(re.match(r"/(static/console/|admin/)?", link)[0] for link in links)


def test_it_offers_the_processors_of_files_alone(text: str) -> None:
    offered = re.findall(r"<option( selected)?>([^<]+)</option>", text)
    names = [name for _, name in offered]
    assert {"upper", "sha256", "gzip", "csv_profile"} <= set(names)
    assert not {"echo", "summarize"} & set(names)
    assert [name for chosen, name in offered if chosen] == ["upper"]


def find_modules(name: str) -> Iterator[str]:
    yield name
    path = finders.find(f"console/{name}")
    assert path, f"{name} is not collected"
    for imported in re.findall(r'from "\./([\w.]+)"', Path(path).read_text()):
        yield from find_modules(imported)


def test_what_it_loads_is_served_as_what_it_is(start_service: StartService, text: str) -> None:
    service = start_service(**SETTINGS)
    types = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
    named = re.findall(r'"/static/console/([^"]+)"', text)
    assert {name.rpartition(".")[2] for name in named} == set(types)
    with service.client() as client:
        for name in {*named, *find_modules("console.js")}:
            answer = client.get(f"/static/console/{name}")
            assert answer.status_code == 200, name
            assert answer.headers["Content-Type"].startswith(types[name.rpartition(".")[2]])
