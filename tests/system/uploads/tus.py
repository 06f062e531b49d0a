"""Uploads by the tus protocol, request by request, and the jobs that come of them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from typing import Any

import httpx

VERSION = {"Tus-Resumable": "1.0.0"}
#: A page of /jobs/ has so many at most.
MOST_JOBS = 200


def create_upload(client: httpx.Client, length_bytes: int, *, processor: str) -> str:
    """Announce a file of this length; returns the upload's path."""
    named = {"filename": "a.bin", "processor": processor}
    pairs = [f"{name} {b64encode(value.encode()).decode()}" for name, value in named.items()]
    headers = {"Upload-Length": str(length_bytes), "Upload-Metadata": ",".join(pairs)}
    answer = client.post("/uploads/", headers=VERSION | headers)
    assert answer.status_code == 201, answer.text
    return str(answer.headers["Location"])


def find_offset(client: httpx.Client, path: str) -> int:
    """How many bytes of the upload the service has."""
    answer = client.head(path, headers=VERSION)
    assert answer.is_success, answer.status_code
    return int(answer.headers["Upload-Offset"])


def send_part(
    client: httpx.Client, path: str, offset: int, content: bytes | Iterable[bytes]
) -> httpx.Response:
    """One PATCH; what it was answered with."""
    media_type = "application/offset+octet-stream"
    headers = {"Upload-Offset": str(offset), "Content-Type": media_type}
    return client.patch(path, headers=VERSION | headers, content=content)


def find_job(client: httpx.Client, path: str) -> str:
    """The path of the job of a complete upload."""
    return str(client.head(path, headers=VERSION).headers["Job-Location"])


def wait_for_job(client: httpx.Client, path: str) -> dict[str, Any]:
    """The job in its final state, which must be success and come within two minutes."""
    for _ in range(6):
        job: dict[str, Any] = client.get(path, params={"wait": "20"}).json()
        if job["finished_at"]:
            assert job["state"] == "succeeded", job
            return job
    raise AssertionError(f"the job did not end: {job}")


def list_jobs(client: httpx.Client, processor: str) -> list[dict[str, Any]]:
    """All of a processor that the client may see."""
    answer = client.get("/jobs/", params={"processor": processor, "limit": MOST_JOBS}).json()
    assert answer["next"] is None
    jobs: list[dict[str, Any]] = answer["jobs"]
    return jobs
