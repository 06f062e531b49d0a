"""What docs/uploads.md tells to type."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import httpx

from tests.service import Service
from tests.web.tus.uploading import TUS

ROOT = Path(__file__).parents[3]
ADDRESS = "http://127.0.0.1:8000"


def test_the_lines_for_curl_work(service: Service, client: httpx.Client) -> None:
    blocks = re.findall(r"^```\n(.*?)^```$", (ROOT / "docs/uploads.md").read_text(), re.S | re.M)
    upload, ask = [block.replace(ADDRESS, service.base_url) for block in blocks]
    done = subprocess.run(
        ["/bin/sh", "-ec", upload + ask], cwd=ROOT, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0, done.stderr
    patched, asked = done.stdout.strip().split("\n\n")
    assert patched.startswith("HTTP/1.1 204 ")
    assert asked.startswith("HTTP/1.1 200 ")
    length = (ROOT / "README.md").stat().st_size
    assert f"upload-offset: {length}" in asked.lower()
    [job_location] = set(re.findall(r"(?i)^job-location: (\S+)", done.stdout, re.M))
    assert client.get(job_location).json()["processor"] == "sha256"


def test_a_header_holds_as_many_parts_as_it_says(client: httpx.Client) -> None:
    part = "/uploads/00000000-0000-0000-0000-000000000000"
    for count, statuses in ((170, {400, 404}), (190, {431})):
        concatenation = "final;" + " ".join([part] * count)
        response = client.post("/uploads/", headers={**TUS, "Upload-Concat": concatenation})
        assert response.status_code in statuses
