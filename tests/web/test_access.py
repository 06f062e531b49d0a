"""Who may use the API, and whose jobs they see."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.service import (
    OPERATOR_TOKEN,
    OTHER_TOKEN,
    OWNER_TOKEN,
    Service,
    bearer,
    run_service,
)
from tests.web.problem import check_document, check_problem
from tests.web.wire import exchange, write_head

PATHS = [
    ("POST", "/process_data"),
    ("POST", "/upload_file"),
    ("GET", "/get_external_data"),
    ("GET", "/jobs/"),
    ("GET", "/jobs/00000000-0000-0000-0000-000000000000"),
    ("GET", "/jobs/00000000-0000-0000-0000-000000000000/result"),
    ("GET", "/jobs/00000000-0000-0000-0000-000000000000/events"),
    ("POST", "/jobs/00000000-0000-0000-0000-000000000000/cancel"),
    ("POST", "/jobs/00000000-0000-0000-0000-000000000000/retry"),
    ("GET", "/nothing/here"),
]


@pytest.fixture(scope="module")
def guarded(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that asks everybody for a token; DEBUG must change nothing of it."""
    folder = tmp_path_factory.mktemp("guarded")
    with run_service(folder, migrated_database, API_ALLOW_ANONYMOUS="0", DEBUG="1") as service:
        yield service


def check_unauthorized(response: httpx.Response) -> None:
    check_problem(response, 401, "unauthorized")
    assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_no_token_is_unauthorized_on_every_path(guarded: Service, method: str, path: str) -> None:
    with guarded.client() as client:
        check_unauthorized(client.request(method, path))


@pytest.mark.parametrize(
    "value",
    [
        "Bearer nope",
        "Bearer ",
        "Bearer",
        "Bearer " + OWNER_TOKEN[:-1],
        "Bearer " + OWNER_TOKEN + "x",
        "Bearer " + OWNER_TOKEN.upper(),
        "Bearer " + OPERATOR_TOKEN + ":operate",
        f"Bearer {OWNER_TOKEN},{OTHER_TOKEN}",
        "Basic " + OWNER_TOKEN,
        "Basic bzp0",
        OWNER_TOKEN,
        "Bearer \xff",
    ],
)
def test_a_bad_token_is_unauthorized_even_where_none_is_needed(
    service: Service, guarded: Service, value: str
) -> None:
    for asked in (service, guarded):
        answer = exchange(asked, write_head("GET", "/jobs/", Authorization=value))
        assert answer.status == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        check_document(answer.headers["content-type"], answer.body, 401, "unauthorized")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
@pytest.mark.parametrize("token", [OWNER_TOKEN, OTHER_TOKEN, OPERATOR_TOKEN])
def test_a_good_token_opens(guarded: Service, scheme: str, token: str) -> None:
    headers = {"Authorization": f"{scheme} {token}"}
    assert httpx.get(f"{guarded.base_url}/jobs/", headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_the_probes_are_free(guarded: Service, path: str) -> None:
    assert httpx.get(guarded.base_url + path).status_code == 200


def test_the_admin_asks_for_its_own_login(guarded: Service) -> None:
    response = httpx.get(f"{guarded.base_url}/admin/")
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/admin/login/")


def test_static_files_are_free(guarded: Service) -> None:
    check_problem(httpx.get(f"{guarded.base_url}/static/nothing.css"), 404, "not_found")


def test_a_browser_at_the_front_page_is_led_to_the_login(guarded: Service) -> None:
    response = httpx.get(f"{guarded.base_url}/", headers={"Accept": "text/html"})
    assert (response.status_code, response.headers["Location"]) == (302, "/admin/login/?next=/")
    response = httpx.get(guarded.base_url + response.headers["Location"])
    assert response.status_code == 200


def submit(service: Service, token: str | None) -> str:
    with service.client(token) as client:
        job_id: str = client.post("/process_data", json=1).json()["job_id"]
    return job_id


@pytest.mark.parametrize("owner", [OWNER_TOKEN, None])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_job_of_someone_else_is_not_there(
    service: Service, method: str, owner: str | None
) -> None:
    job_id = submit(service, owner)
    paths = ("cancel", "retry") if method == "POST" else ("", "result", "events")
    for path in paths:
        url = f"{service.base_url}/jobs/{job_id}/{path}".rstrip("/")
        response = httpx.request(method, url, headers=bearer(OTHER_TOKEN))
        check_problem(response, 404, "no_such_job")


def test_each_caller_lists_its_own_jobs_and_an_operator_all(service: Service) -> None:
    callers = [OWNER_TOKEN, OTHER_TOKEN, None]
    jobs = {caller: submit(service, caller) for caller in callers}
    for caller in [*callers, OPERATOR_TOKEN]:
        with service.client(caller) as client:
            listed = {job["id"] for job in client.get("/jobs/?limit=200").json()["jobs"]}
        seen = {job_id for job_id in jobs.values() if job_id in listed}
        assert seen == (set(jobs.values()) if caller == OPERATOR_TOKEN else {jobs[caller]})


def test_an_operator_may_cancel_the_job_of_anyone(service: Service) -> None:
    job_id = submit(service, OWNER_TOKEN)
    with service.client(OPERATOR_TOKEN) as client:
        assert client.post(f"/jobs/{job_id}/cancel").json()["state"] == "cancelled"


def test_a_traceback_is_for_operators_alone(service: Service) -> None:
    job_id = submit(service, OWNER_TOKEN)
    error = {"error_code": "task_error", "error_message": "why", "error_traceback": "secret"}
    service.set_job(job_id, state="failed", **error)
    for token in (OWNER_TOKEN, OPERATOR_TOKEN):
        with service.client(token) as client:
            shown = client.get(f"/jobs/{job_id}").json()["error"]
        traceback = {"traceback": "secret"} if token == OPERATOR_TOKEN else {}
        assert shown == {"code": "task_error", "message": "why"} | traceback


def test_an_allocation_profile_is_for_operators_alone_and_not_for_lists(service: Service) -> None:
    job_id = submit(service, OWNER_TOKEN)
    profile = [{"place": "/app/hog.py:12", "line": "secret", "bytes": 5, "blocks": 1}]
    columns = {"error_code": "memory_limit_exceeded", "allocation_profile": json.dumps(profile)}
    service.set_job(job_id, state="failed", **columns)
    for token in (OWNER_TOKEN, OPERATOR_TOKEN):
        with service.client(token) as client:
            error = client.get(f"/jobs/{job_id}").json()["error"]
            listed = client.get("/jobs/?state=failed").text
        assert error.get("allocation_profile") == (profile if token == OPERATOR_TOKEN else None)
        assert job_id in listed
        assert "secret" not in listed


def test_the_log_never_has_a_token(guarded: Service) -> None:
    for token in (OWNER_TOKEN, "not-a-token-that-is-known"):
        httpx.get(f"{guarded.base_url}/jobs/", headers=bearer(token))
    assert "caller=token:" in guarded.log
    assert OWNER_TOKEN not in guarded.log
    assert "not-a-token" not in guarded.log
