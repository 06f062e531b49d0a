"""The way of an upload, once more with its rows in PostgreSQL."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgresql import PostgreSQLDatabase, make_database
from tests.service import Service, run_service, wait_for
from tests.web.problem import check_problem
from tests.web.tus.cut import begin_patch, make_content
from tests.web.tus.test_checksum import make_checksum
from tests.web.tus.uploading import TUS, create, find_offset, head, patch, post
from tests.web.wire import read_answer

CONTENT = make_content(500_000)
LENGTH = str(len(CONTENT))


@pytest.fixture(scope="module")
def database() -> Iterator[PostgreSQLDatabase]:
    with make_database() as database:
        yield database


@pytest.fixture(scope="module")
def service(
    database: PostgreSQLDatabase, migrated_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("postgresql")
    given = {"DATABASE_URL": database.url, "WEB_CONCURRENCY": "2"}
    with run_service(folder, migrated_database, **given) as service:
        yield service


def test_cut_taken_over_mismatched_and_finished(
    service: Service, database: PostgreSQLDatabase
) -> None:
    with service.client() as client:
        path = create(client, Upload_Length=LENGTH)
        with begin_patch(service, path, 0, CONTENT[:200_000], len(CONTENT)) as dead:
            wait_for(lambda: any(file.stat().st_size for file in service.find_spooled()), 5, "-")
            assert find_offset(client, path) == 200_000
            assert read_answer(dead, "PATCH").status == 423
        piece = CONTENT[200_000:300_000]
        wrong = patch(client, path, 200_000, piece, Upload_Checksum=make_checksum(b"other"))
        check_problem(wrong, 460, "checksum_mismatch")
        right = patch(client, path, 200_000, piece, Upload_Checksum=make_checksum(piece))
        assert right.headers["Upload-Offset"] == "300000"
        last = patch(client, path, 300_000, CONTENT[300_000:])
        assert head(client, path).headers["Job-Location"] == last.headers["Job-Location"]
    sha256 = database.query(
        "SELECT sha256 FROM processing_upload JOIN processing_job"
        " ON processing_upload.id = upload_id WHERE processing_job.id = %s",
        last.headers["Job-Location"].removeprefix("/jobs/"),
    )
    assert sha256 == [(hashlib.sha256(CONTENT).hexdigest(),)]


def test_joined_and_ended(service: Service) -> None:
    with service.client() as client:
        paths = [create(client, Upload_Length="5", Upload_Concat="partial") for _ in range(3)]
        for path in paths:
            assert patch(client, path, 0, b"hello").status_code == 204
        final = post(client, Upload_Concat=f"final;{paths[0]} {paths[1]}")
        assert final.headers["Job-Location"].startswith("/jobs/")
        assert client.delete(paths[2], headers=TUS).status_code == 204
        assert head(client, paths[2]).status_code == 404
