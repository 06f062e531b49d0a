"""A disk that runs full in the middle of uploads: they are told, nothing is left, it goes on."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.conftest import StartService
from tests.service import Service, wait_for
from tests.small_disk import mount_small_disk
from tests.web.problem import check_problem
from tests.web.wire import CHUNK_BYTES

MIB = 1024 * 1024
DISK_BYTES = 2 * MIB
UPLOADS = 4

FORM = {"Content-Type": "multipart/form-data; boundary=b"}
PART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
END = b"\r\n--b--\r\n"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with mount_small_disk(tmp_path / "disk", DISK_BYTES) as disk:
        yield disk


@pytest.fixture(params=["spool and store", "spool", "store"])
def service(
    request: pytest.FixtureRequest, start_service: StartService, disk: Path, tmp_path: Path
) -> Service:
    """A service that has one folder, or both, on the small disk."""
    spool = disk / "spool" if "spool" in request.param else tmp_path / "spool"
    store = disk / "store" if "store" in request.param else tmp_path / "store"
    return start_service(UPLOAD_SPOOL_DIR=str(spool), UPLOAD_STORAGE_URL=f"file://{store}")


def stream(size_bytes: int) -> Iterator[bytes]:
    yield PART
    for _ in range(size_bytes // CHUNK_BYTES):
        yield b"x" * CHUNK_BYTES
    yield END


def upload(service: Service, size_bytes: int, **headers: str) -> httpx.Response:
    """Upload so much, chunked unless a header says how much."""
    with service.client(headers={**FORM, **headers}) as client:
        return client.post("/upload_file", content=stream(size_bytes))


def find_files(*folders: Path) -> list[Path]:
    return [path for folder in folders for path in folder.rglob("*") if path.is_file()]


def find_kept(service: Service, disk: Path) -> list[Path]:
    log_and_database = {"web.log", "db.sqlite3", "db.sqlite3-wal", "db.sqlite3-shm"}
    found = {*find_files(service.folder), *find_files(disk)}
    return sorted(path for path in found if path.name not in log_and_database)


def test_an_upload_that_finds_no_room_is_507_and_leaves_nothing(
    service: Service, disk: Path
) -> None:
    check_problem(upload(service, 2 * DISK_BYTES), 507, "disk_full")
    assert find_kept(service, disk) == []
    assert upload(service, CHUNK_BYTES).status_code == 202
    assert len(find_kept(service, disk)) == 1


def test_a_length_that_has_no_room_is_507_at_once(service: Service, disk: Path) -> None:
    size_bytes = 2 * DISK_BYTES // CHUNK_BYTES * CHUNK_BYTES
    length = len(PART) + size_bytes + len(END)
    response = upload(service, size_bytes, **{"Content-Length": str(length)})
    assert "UPLOAD_MIN_FREE_BYTES" in check_problem(response, 507, "disk_full")["detail"]
    assert find_kept(service, disk) == []


def test_many_at_once_are_told_and_leave_nothing(service: Service, disk: Path) -> None:
    with ThreadPoolExecutor(UPLOADS) as pool:
        responses = list(pool.map(lambda _: upload(service, DISK_BYTES), range(UPLOADS)))
    statuses = [response.status_code for response in responses]
    assert set(statuses) <= {202, 507}
    assert 507 in statuses
    assert len(find_kept(service, disk)) == statuses.count(202)
    for path in find_kept(service, disk):
        path.unlink()
    wait_for(lambda: upload(service, CHUNK_BYTES).status_code == 202, 5, "it did not go on")
