"""An upload of a large file through a line that breaks, to a web that is killed once meanwhile."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from tests.service import START_SECONDS
from tests.system.input_files import sha256_of
from tests.system.uploads.cutting_proxy import CuttingProxy, Page, Point, choose_cuts
from tests.system.uploads.stock import sweep
from tests.system.uploads.tus import find_job, list_jobs, wait_for_job
from tests.system.uploads.web import Web

SIZE_BYTES = 100_000_000
CUT_COUNT = 5
METADATA = {"filename": "large.bin", "processor": "sha256"}
#: A client begins anew with them whenever it got further. Together they are longer than a start.
RETRY_DELAYS_MS = [0, 300, 500, 1000, 1000, 1000, 2000, 3000, 3000, 5000]
Upload = Callable[[str, Path], str]
"""Uploads the file at the path to the service at the address, for the processor sha256; returns
the address of the upload."""


def make_random_file(path: Path) -> Path:
    """A file of SIZE_BYTES that does not repeat itself."""
    source = random.Random(1)
    with path.open("wb") as file:
        for _ in range(SIZE_BYTES // 1_000_000):
            file.write(source.randbytes(1_000_000))
    return path


def check_upload(
    web: Web, path: Path, upload: Upload, *, seed: int, pages: dict[str, Page] | None = None
) -> None:
    """Upload the file while the line is cut and the web is killed once, at places that `seed`
    chooses; the result must be right, of one job, and nothing may be left over."""
    print(f"seed {seed}")
    source = random.Random(seed)
    started: list[Future[None]] = []
    kill = Point(
        at_bytes=source.randrange(SIZE_BYTES // 4, SIZE_BYTES * 3 // 4),
        act=lambda route: started.append(web.kill_and_start()),
    )
    points = [kill, *choose_cuts(source, SIZE_BYTES, CUT_COUNT)]
    with web.client() as client:
        job_count = len(list_jobs(client, "sha256"))
    with CuttingProxy(web.port, points, pages or {}) as proxy:
        address = upload(proxy.base_url, path)
        assert proxy.cut_count == CUT_COUNT
    [start] = started
    start.result(START_SECONDS)
    check_job(web, address.removeprefix(proxy.base_url), path, job_count + 1)
    sweep(web.env).check()


def check_job(web: Web, upload_path: str, path: Path, job_count: int) -> None:
    """Its one job has the right result."""
    with web.client() as client:
        job = wait_for_job(client, find_job(client, upload_path))
        assert job["result"] == {"bytes": SIZE_BYTES, "sha256": sha256_of(path)}
        assert len(list_jobs(client, "sha256")) == job_count
