"""GET /jobs/<id>/result, with a worker that makes the results."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.service import OPERATOR_TOKEN, Service, run_cluster, run_service
from tests.web.problem import check_problem

TEXT = "straße\n".encode() * 50_000
UPPER = TEXT.upper()  # of bytes: a-z alone


@pytest.fixture(scope="module")
def service(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with a worker."""
    folder = tmp_path_factory.mktemp("results")
    with run_service(folder, migrated_database) as service, run_cluster(service):
        yield service


def finish(client: httpx.Client, accepted: httpx.Response) -> dict[str, Any]:
    """The job that was accepted, once it has ended."""
    assert accepted.status_code == 202, accepted.text
    job: dict[str, Any] = client.get(accepted.json()["status_url"] + "?wait=25").json()
    return job


@pytest.fixture
def upper(client: httpx.Client) -> str:
    """The URL of a result that the processor wrote."""
    job = finish(client, client.post("/upload_file", files={"file": ('a ü".txt', TEXT)}))
    assert job["state"] == "succeeded", job
    url: str = job["result_url"]
    return url


def test_small_json_is_inline_and_at_the_url(client: httpx.Client) -> None:
    job = finish(client, client.post("/process_data", json={"a": ["ü", 1.5, None]}))
    assert (job["state"], job["attempts"], job["progress"]) == ("succeeded", 1, 1.0)
    assert job["result"] == {"a": ["ü", 1.5, None]}
    response = client.get(job["result_url"])
    assert response.json() == job["result"]
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["ETag"] == f'"{hashlib.sha256(response.content).hexdigest()}"'


def test_null_is_a_result(client: httpx.Client) -> None:
    headers = {"Content-Type": "application/json"}
    job = finish(client, client.post("/process_data", content="null", headers=headers))
    assert (job["state"], job["result"]) == ("succeeded", None)
    assert client.get(job["result_url"]).content == b"null"


def test_large_json_is_at_the_url_alone(client: httpx.Client) -> None:
    job = finish(client, client.post("/process_data?processor=returns_megabyte", json=1))
    assert (job["state"], job["result"]) == ("succeeded", None)
    assert client.get(job["result_url"]).json() == "x" * 1_000_000


def test_what_the_processor_wrote_is_streamed(client: httpx.Client, upper: str) -> None:
    response = client.get(upper)
    assert response.content == UPPER
    assert response.headers["Content-Length"] == str(len(UPPER))
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.headers["ETag"] == f'"{hashlib.sha256(UPPER).hexdigest()}"'
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Disposition"].startswith("attachment; filename")


def test_head_tells_the_size_and_sends_nothing(client: httpx.Client, upper: str) -> None:
    head, get = client.head(upper), client.get(upper)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("Content-Length", "Content-Type", "ETag", "Accept-Ranges", "Content-Disposition"):
        assert head.headers[name] == get.headers[name]


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=399990-", 399_990, 400_000),
        ("bytes=-5", 399_995, 400_000),
        ("bytes=0-999999999", 0, 400_000),
        ("bytes=-999999999", 0, 400_000),
        ("bytes=65530-131080", 65_530, 131_081),
    ],
)
def test_a_range_is_sent(
    client: httpx.Client, upper: str, asked: str, start: int, end: int
) -> None:
    response = client.get(upper, headers={"Range": asked})
    assert response.status_code == 206
    assert response.content == UPPER[start:end]
    assert response.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(UPPER)}"
    assert response.headers["Content-Length"] == str(end - start)


@pytest.mark.parametrize("asked", ["bytes=400000-", "bytes=999999-1000000", "bytes=-0"])
def test_a_range_outside_is_not_satisfiable(client: httpx.Client, upper: str, asked: str) -> None:
    response = client.get(upper, headers={"Range": asked})
    check_problem(response, 416, "range_not_satisfiable")
    assert response.headers["Content-Range"] == f"bytes */{len(UPPER)}"


@pytest.mark.parametrize("asked", ["bytes=10-19", "bytes=400000-"])
def test_a_range_is_for_get_alone(client: httpx.Client, upper: str, asked: str) -> None:
    response = client.head(upper, headers={"Range": asked})
    assert (response.status_code, response.headers["Content-Length"]) == (200, str(len(UPPER)))
    assert "Content-Range" not in response.headers


@pytest.mark.parametrize(
    "asked", ["bytes=5-1", "bytes=-", "bytes=a-b", "lines=1-2", "bytes=0-1,5-6", "", "bytes=" * 99]
)
def test_another_range_is_ignored(client: httpx.Client, upper: str, asked: str) -> None:
    response = client.get(upper, headers={"Range": asked})
    assert (response.status_code, response.content) == (200, UPPER)


def test_a_range_is_of_the_version_the_client_has(client: httpx.Client, upper: str) -> None:
    etag = client.head(upper).headers["ETag"]
    for sent, status in ((etag, 206), ('"other"', 200), (f"W/{etag}", 200)):
        headers = {"Range": "bytes=0-9", "If-Range": sent}
        assert client.get(upper, headers=headers).status_code == status


def test_the_etag_spares_a_result_that_the_client_has(client: httpx.Client, upper: str) -> None:
    etag = client.head(upper).headers["ETag"]
    for sent in (etag, f"W/{etag}", "*"):
        response = client.get(upper, headers={"If-None-Match": sent})
        assert (response.status_code, response.content) == (304, b"")
        assert response.headers["ETag"] == etag


def test_html_is_for_saving_and_not_for_showing(client: httpx.Client) -> None:
    accepted = client.post("/upload_file?processor=writes_html", files={"file": b"x"})
    response = client.get(finish(client, accepted)["result_url"])
    assert response.headers["Content-Type"] == "text/html"
    assert response.headers["Content-Disposition"].startswith("attachment")


def test_there_is_no_result_before_the_end(client: httpx.Client, tmp_path: Path) -> None:
    path = tmp_path / "go"
    accepted = client.post("/process_data?processor=waits_for_file", json={"path": str(path)})
    url = accepted.json()["status_url"]
    check_problem(client.get(f"{url}/result"), 404, "not_found")
    path.touch()
    finish(client, accepted)
    assert client.get(f"{url}/result").json() == "came"


def test_a_result_that_expired_is_gone(service: Service, client: httpx.Client, upper: str) -> None:
    job_id = upper.split("/")[2]
    service.set_job(job_id, result_expires_at="2020-01-01 00:00:00")
    check_problem(client.get(upper), 410, "result_expired")
    check_problem(client.get(upper, headers={"If-None-Match": "*"}), 410, "result_expired")
    job = client.get(f"/jobs/{job_id}").json()
    assert (job["state"], job["result"], job["result_url"]) == ("succeeded", None, None)


@pytest.mark.parametrize(
    ("path", "options", "message"),
    [
        ("/process_data?processor=raises", {"json": 1}, "the secret"),
        ("/process_data?processor=returns_nan", {"json": 1}, "NaN"),
        ("/process_data?processor=returns_object", {"json": 1}, "JSON"),
        ("/upload_file?processor=writes_then_raises", {"files": {"file": b"x"}}, "in the middle"),
    ],
)
def test_a_processor_that_fails_leaves_an_error_and_no_result(
    service: Service, client: httpx.Client, path: str, options: dict[str, Any], message: str
) -> None:
    job = finish(client, client.post(path, **options))
    assert (job["state"], job["attempts"], job["result_url"]) == ("failed", 1, None)
    assert job["error"]["code"] == "task_error"
    assert message in job["error"]["message"]
    assert "traceback" not in job["error"]
    check_problem(client.get(f"/jobs/{job['id']}/result"), 404, "not_found")
    with service.client(OPERATOR_TOKEN) as operator:
        error = operator.get(f"/jobs/{job['id']}").json()["error"]
    assert "Traceback" in error["traceback"]
    assert not any(job["id"].replace("-", "") in file.name for file in service.find_spooled())


def test_a_file_of_the_store_that_is_gone_is_no_500(
    service: Service, client: httpx.Client, upper: str
) -> None:
    [(name,)] = service.query(
        "SELECT result_name FROM processing_job WHERE id = ?", upper.split("/")[2].replace("-", "")
    )
    [stored] = [file for file in service.find_spooled() if str(file).endswith(name)]
    stored.unlink()
    check_problem(client.get(upper), 410, "result_expired")
