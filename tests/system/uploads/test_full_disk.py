"""A disk that fills up in the middle of an upload costs nothing of what has arrived."""

from __future__ import annotations

import hashlib
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.s3_server import S3Server
from tests.service import Service, run_cluster, wait_for
from tests.small_disk import mount_small_disk
from tests.system.uploads.tus import (
    VERSION,
    create_upload,
    find_job,
    find_offset,
    send_part,
    wait_for_job,
)
from tests.system.uploads.web import Web, run_web
from tests.web.tus.cut import begin_patch
from tests.web.tus.test_checksum import make_checksum
from tests.web.tus.uploading import CONTENT_TYPE
from tests.web.wire import read_answer

MIB = 1024 * 1024
SIZE_BYTES = 12 * MIB
DISK_BYTES = 32 * MIB


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with mount_small_disk(tmp_path / "disk", DISK_BYTES) as disk:
        yield disk


@pytest.fixture
def web(migrated_database: Path, tmp_path: Path, disk: Path) -> Iterator[Web]:
    shutil.copy(migrated_database, tmp_path / "db.sqlite3")
    database_url = f"sqlite:///{tmp_path / 'db.sqlite3'}"
    given = {"DATABASE_URL": database_url, "UPLOAD_SPOOL_DIR": str(disk / "spool")}
    with run_web(tmp_path, **given) as web:
        yield web


def leave_free(disk: Path, free_bytes: int) -> None:
    """Fill the disk up to so many bytes, by a file named ballast."""
    count_bytes = shutil.disk_usage(disk).free - free_bytes
    (disk / "ballast").write_bytes(bytes(count_bytes))


def find_stored_bytes(disk: Path) -> int:
    [stored] = [found for found in (disk / "spool").rglob("*") if found.is_file()]
    return stored.stat().st_size


def test_an_upload_whose_disk_fills_up_goes_on_when_there_is_room_again(
    web: Web, disk: Path
) -> None:
    content = random.Random(41).randbytes(SIZE_BYTES)

    def fill_the_disk_meanwhile() -> Iterator[bytes]:
        yield content[: 4 * MIB]
        wait_for(lambda: find_stored_bytes(disk) >= 3 * MIB, 10, "nothing was written")
        leave_free(disk, 2 * MIB)
        yield content[4 * MIB :]

    with web.client() as client:
        path = create_upload(client, SIZE_BYTES, processor="sha256")
        refuse(send_part(client, path, 0, fill_the_disk_meanwhile()))
        offset = find_offset(client, path)
        assert 4 * MIB <= offset == find_stored_bytes(disk) < SIZE_BYTES

        refuse(send_part(client, path, offset, content[offset:]))
        assert find_offset(client, path) == offset

        (disk / "ballast").unlink()
        assert send_part(client, path, offset, content[offset:]).status_code == 204
        with run_cluster(web):
            job = wait_for_job(client, find_job(client, path))
    assert job["result"] == {"bytes": SIZE_BYTES, "sha256": hashlib.sha256(content).hexdigest()}


def refuse(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")


@pytest.fixture
def web_with_bucket(
    migrated_database: Path, tmp_path: Path, disk: Path, s3_server: S3Server
) -> Iterator[Web]:
    shutil.copy(migrated_database, tmp_path / "db.sqlite3")
    given = {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}",
        "UPLOAD_SPOOL_DIR": str(disk / "spool"),
        "UPLOAD_STORAGE_URL": f"s3://{s3_server.make_bucket()}",
        **s3_server.environment,
    }
    with run_web(tmp_path, **given) as web:
        yield web


def test_an_upload_to_a_bucket_needs_no_more_of_the_disk_than_is_there_at_once(
    web_with_bucket: Web,
) -> None:
    content = random.Random(42).randbytes(DISK_BYTES + MIB)
    with web_with_bucket.client() as client:
        path = create_upload(client, len(content), processor="sha256")
        assert send_part(client, path, 0, content).status_code == 204


def test_a_piece_with_a_checksum_for_which_there_is_no_room_is_refused_before_it_comes(
    web_with_bucket: Web,
) -> None:
    service, content = web_with_bucket.service, bytes(DISK_BYTES)
    checksum = {"Upload_Checksum": make_checksum(content[: DISK_BYTES // 2])}
    with web_with_bucket.client() as client:
        first, second = (
            create_upload(client, 10 * DISK_BYTES, processor="upper") for _ in range(2)
        )
        with begin_patch(service, first, 0, b"", 2 * DISK_BYTES, **checksum) as connection:
            assert read_answer(connection, "PATCH").status == 507
        with begin_patch(service, first, 0, bytes(MIB), DISK_BYTES // 2, **checksum):
            wait_for(lambda: find_spooled(service), 10, "it was not begun")
            with begin_patch(service, second, 0, b"", 3 * DISK_BYTES // 4, **checksum) as other:
                assert read_answer(other, "PATCH").status == 507
        wait_for(lambda: not find_spooled(service), 10, "it was not ended")
        half = {"Upload-Checksum": checksum["Upload_Checksum"]}
        answer = client.patch(
            second,
            content=content[: DISK_BYTES // 2],
            headers={**VERSION, **half, "Upload-Offset": "0", "Content-Type": CONTENT_TYPE},
        )
        assert answer.status_code == 204


def find_spooled(service: Service) -> list[Path]:
    spool = Path(service.env["UPLOAD_SPOOL_DIR"])
    return [path for path in spool.rglob("*") if path.is_file()]
