"""A staff session instead of a token: it operates, and needs its CSRF token to change things."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.service import OWNER_TOKEN, Service, run_manage, run_service
from tests.web.problem import check_problem

PASSWORD = "a password of the test"


@pytest.fixture(scope="module")
def office(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A guarded service with one superuser; tests.settings needs no collected static files."""
    given = {"API_ALLOW_ANONYMOUS": "0", "DJANGO_SETTINGS_MODULE": "tests.settings"}
    with run_service(tmp_path_factory.mktemp("office"), migrated_database, **given) as service:
        env = service.env | {"DJANGO_SUPERUSER_PASSWORD": PASSWORD}
        names = ("--username", "admin", "--email", "")
        done = run_manage("createsuperuser", "--noinput", *names, env=env)
        assert done.returncode == 0, done.stderr
        yield service


@pytest.fixture
def staff(office: Service) -> Iterator[httpx.Client]:
    """A browser that has signed in."""
    with office.client() as client:
        client.get("/admin/login/")
        form = {
            "username": "admin",
            "password": PASSWORD,
            "csrfmiddlewaretoken": client.cookies["csrftoken"],
        }
        response = client.post("/admin/login/?next=/admin/", data=form)
        assert response.status_code == 302, response.text
        yield client


def test_a_session_opens_the_api(staff: httpx.Client) -> None:
    assert staff.get("/jobs/").status_code == 200


def test_a_session_sees_the_jobs_of_everyone(office: Service, staff: httpx.Client) -> None:
    with office.client(OWNER_TOKEN) as owner:
        job_id = owner.post("/process_data", json=1).json()["job_id"]
    assert staff.get(f"/jobs/{job_id}").status_code == 200


@pytest.mark.parametrize("path", ["/process_data", "/upload_file", "/jobs/x/cancel"])
def test_a_change_without_the_csrf_token_is_refused(staff: httpx.Client, path: str) -> None:
    document = check_problem(staff.post(path, json=1), 403, "cross_origin")
    assert "X-CSRFToken" in document["detail"]


@pytest.mark.parametrize("token", ["", "x", "y" * 32, "\xff"])
def test_a_change_with_a_wrong_csrf_token_is_refused(staff: httpx.Client, token: str) -> None:
    headers = {b"X-CSRFToken": token.encode("latin-1")}
    response = staff.post("/process_data", json=1, headers=headers)
    check_problem(response, 403, "cross_origin")


def test_a_harmless_method_is_no_way_around_the_csrf_token(staff: httpx.Client) -> None:
    token = {"X-CSRFToken": staff.cookies["csrftoken"]}
    tus = {"Tus-Resumable": "1.0.0"}
    made = staff.post("/uploads/", headers={**tus, **token, "Upload-Length": "1"})
    sent = {**tus, "X-HTTP-Method-Override": "DELETE"}
    check_problem(staff.get(made.headers["Location"], headers=sent), 403, "cross_origin")
    assert staff.get(made.headers["Location"], headers={**sent, **token}).status_code == 204


def test_a_change_with_the_csrf_token_is_made(staff: httpx.Client) -> None:
    headers = {"X-CSRFToken": staff.cookies["csrftoken"]}
    response = staff.post("/process_data", json=1, headers=headers)
    assert response.status_code == 202
    job = staff.post(response.json()["status_url"] + "/cancel", headers=headers)
    assert job.json()["state"] == "cancelled"


def test_a_page_of_another_site_cannot_use_the_session(staff: httpx.Client) -> None:
    headers = {"Origin": "http://evil.example", "X-CSRFToken": staff.cookies["csrftoken"]}
    check_problem(staff.post("/process_data", json=1, headers=headers), 403, "cross_origin")
    check_problem(staff.get("/jobs/", headers=headers), 403, "cross_origin")


@pytest.mark.parametrize(
    "cookie",
    ["sessionid=", "sessionid=x", "sessionid=" + "a" * 32, 'sessionid="aaaaaaaa\\000"', "=;;,\xff"],
)
def test_a_session_that_is_none_is_unauthorized(office: Service, cookie: str) -> None:
    headers = {b"Cookie": cookie.encode("latin-1")}
    check_problem(httpx.get(f"{office.base_url}/jobs/", headers=headers), 401, "unauthorized")


def test_a_session_of_someone_who_is_not_staff_is_unauthorized(
    office: Service, staff: httpx.Client
) -> None:
    office.query("UPDATE auth_user SET is_staff = 0")
    try:
        check_problem(staff.get("/jobs/"), 401, "unauthorized")
    finally:
        office.query("UPDATE auth_user SET is_staff = 1")
