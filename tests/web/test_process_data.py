"""POST /process_data through the real URL."""

from __future__ import annotations

import hashlib
from uuid import UUID

import httpx
import pytest

from tests.service import Service
from tests.web.problem import check_problem
from tests.web.wire import exchange, write_head

JSON = {"Content-Type": "application/json"}
MAX_BYTES = 1024 * 1024


@pytest.mark.parametrize("path", ["/process_data", "/process_data/"])
def test_json_is_taken_and_the_answer_says_where_to_ask(client: httpx.Client, path: str) -> None:
    response = client.post(path, json={"hello": "world"})
    assert response.status_code == 202
    document = response.json()
    job_id = str(UUID(document["job_id"]))
    assert document == {
        "message": "Task submitted",
        "job_id": job_id,
        "status_url": f"/jobs/{job_id}",
    }
    assert response.headers["Location"] == f"/jobs/{job_id}"
    job = client.get(response.headers["Location"]).json()
    assert (job["id"], job["processor"], job["state"]) == (job_id, "echo", "queued")


def test_the_payload_is_kept_as_the_bytes_received(service: Service, client: httpx.Client) -> None:
    body = '{ "a" : 1.50,\n "a": "é\\u00e9" }'.encode()
    job_id = client.post("/process_data", content=body, headers=JSON).json()["job_id"]
    key = UUID(job_id).hex
    [(kept,)] = service.query("SELECT body FROM processing_jobpayload WHERE job_id = ?", key)
    assert bytes(kept) == body
    [(size, digest)] = service.query(
        "SELECT source_bytes, request_sha256 FROM processing_job WHERE id = ?", key
    )
    assert (size, digest) == (len(body), hashlib.sha256(b"echo\0" + body).hexdigest())


@pytest.mark.parametrize("value", ["null", "0", '"text"', "[]", "{}", "true", " [1]\n"])
def test_any_json_value_is_taken(client: httpx.Client, value: str) -> None:
    assert client.post("/process_data", content=value, headers=JSON).status_code == 202


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "APPLICATION/JSON",
        "application/json; charset=utf-8",
        'application/json;charset="UTF-8"',
        "application/json; charset=utf-8; profile=x",
        "application/json; profile=x; charset=utf-8",
        "application/vnd.api+json",
        "model/gltf+json",
    ],
)
def test_json_and_its_kin_are_taken(client: httpx.Client, content_type: str) -> None:
    headers = {"Content-Type": content_type}
    assert client.post("/process_data", content="1", headers=headers).status_code == 202


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=b",
        "application/json; charset=utf-16",
        "application/json; profile=x; charset=latin-1",
        "application/jsonp",
        "json",
        ";",
    ],
)
def test_another_media_type_is_refused(client: httpx.Client, content_type: str) -> None:
    response = client.post("/process_data", content="1", headers={"Content-Type": content_type})
    check_problem(response, 415, "unsupported_media_type")


def test_no_media_type_is_refused(service: Service) -> None:
    answer = exchange(service, write_head("POST", "/process_data", Content_Length=1) + b"1")
    assert answer.status == 415


def test_the_processor_of_the_query_is_used(client: httpx.Client) -> None:
    response = client.post("/process_data?processor=summarize", json=[1])
    assert client.get(response.json()["status_url"]).json()["processor"] == "summarize"


@pytest.mark.parametrize("name", ["nope", "", "%00", "%ff", "../echo", "ECHO", "x" * 4000])
def test_an_unknown_processor_is_refused_with_the_known_ones(
    client: httpx.Client, name: str
) -> None:
    response = client.post(f"/process_data?processor={name}", json=1)
    document = check_problem(response, 400, "unknown_processor")
    assert "echo" in document["detail"]
    assert "summarize" in document["detail"]


def test_a_processor_of_files_is_not_for_this_path(client: httpx.Client) -> None:
    response = client.post("/process_data?processor=upper", json=1)
    detail = check_problem(response, 400, "unknown_processor")["detail"]
    assert "POST /upload_file" in detail


def test_a_body_of_just_the_limit_is_taken(client: httpx.Client) -> None:
    body = b'"' + b"x" * (MAX_BYTES - 2) + b'"'
    assert client.post("/process_data", content=body, headers=JSON).status_code == 202


def test_a_body_one_byte_over_the_limit_is_refused(client: httpx.Client) -> None:
    body = b'"' + b"x" * (MAX_BYTES - 1) + b'"'
    document = check_problem(
        client.post("/process_data", content=body, headers=JSON), 413, "body_too_large"
    )
    assert str(MAX_BYTES) in document["detail"]


def test_a_chunked_body_is_taken_up_to_the_limit(client: httpx.Client) -> None:
    body = [b'"', *[b"x" * 1000] * 3, b'"']
    assert client.post("/process_data", content=iter(body), headers=JSON).status_code == 202


def test_a_processor_that_was_named_twice_is_the_last_one(client: httpx.Client) -> None:
    response = client.post("/process_data?processor=nope&processor=summarize", json=1)
    assert response.status_code == 202
