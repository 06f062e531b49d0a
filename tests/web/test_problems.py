"""Every error is a problem document, our own failures too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.service import Service, run_service
from tests.web.problem import check_problem


@pytest.fixture(scope="module")
def broken(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose jobs table is gone."""
    with run_service(tmp_path_factory.mktemp("broken"), migrated_database) as service:
        service.query("DROP TABLE processing_job")
        yield service


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/process_data"),
        ("GET", "/jobs/"),
        ("GET", "/jobs/00000000-0000-0000-0000-000000000000"),
        ("POST", "/jobs/00000000-0000-0000-0000-000000000000/cancel"),
    ],
)
def test_a_failure_of_ours_is_a_500_that_names_the_line_in_the_log(
    broken: Service, method: str, path: str
) -> None:
    with broken.client(headers={"X-Request-ID": "find-me"}) as client:
        response = client.request(method, path, json=1)
    document = check_problem(response, 500, "internal_error")
    assert "find-me" in document["detail"]
    assert "no such table" not in response.text
    assert "request find-me failed" in broken.log
    assert "no such table: processing_job" in broken.log


def test_an_upload_that_cannot_be_queued_leaves_no_file(broken: Service) -> None:
    with broken.client() as client:
        response = client.post("/upload_file", files={"file": b"x"})
    check_problem(response, 500, "internal_error")
    assert broken.find_spooled() == []


def test_readiness_fails_with_the_database_and_health_does_not(broken: Service) -> None:
    with broken.client() as client:
        response = client.get("/readyz")
        assert response.status_code == 503
        assert response.json()["database"].startswith("failed: ")
        assert client.get("/healthz").status_code == 200


def test_an_error_is_json_in_ascii_for_any_client(client: httpx.Client) -> None:
    response = client.post("/process_data?processor=%C3%A9", json=1)
    check_problem(response, 400, "unknown_processor")
    assert response.content.isascii()
