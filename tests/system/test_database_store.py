"""A web and a worker that share no disk, with uploads and results in their database."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.postgresql import PostgreSQLDatabase, make_database
from tests.service import Service, run_cluster, run_manage, run_service, wait_for
from tests.system.memory_watch import watch_memory

MIB = 1024 * 1024
MEMORY_BOUND_BYTES = 40 * MIB
LARGE_BYTES = 100 * MIB
LINE = b"the quick brown fox jumps over the lazy dog\n"
WAIT_SECONDS = 120


@dataclass(frozen=True, kw_only=True)
class TwoDynos:
    """A web and a worker, each with a spool of its own."""

    web: Service
    worker_pid: int
    folder: Path

    @property
    def spooled(self) -> list[Path]:
        """Every file on the disk of one of the two."""
        return [path for path in self.folder.glob("spool*/**/*") if path.is_file()]


@contextmanager
def run_dynos(folder: Path, migrated_database: Path, **given: str) -> Iterator[TwoDynos]:
    ours = {"UPLOAD_STORAGE_URL": "database:", "UPLOAD_MAX_BYTES": str(LARGE_BYTES)}
    with run_service(folder, migrated_database, **ours, **given) as web:
        apart = {**web.env, "UPLOAD_SPOOL_DIR": str(folder / "spool-of-the-worker")}
        with run_cluster(replace(web, env=apart)) as cluster:
            yield TwoDynos(web=web, worker_pid=cluster.pid, folder=folder)


@pytest.fixture(scope="module")
def on_sqlite(
    migrated_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TwoDynos]:
    with run_dynos(tmp_path_factory.mktemp("on-sqlite"), migrated_database) as dynos:
        yield dynos


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgreSQLDatabase]:
    with make_database() as database:
        yield database


@pytest.fixture(scope="module")
def on_postgresql(
    migrated_database: Path,
    tmp_path_factory: pytest.TempPathFactory,
    postgresql: PostgreSQLDatabase,
) -> Iterator[TwoDynos]:
    folder = tmp_path_factory.mktemp("on-postgresql")
    with run_dynos(folder, migrated_database, DATABASE_URL=postgresql.url) as dynos:
        yield dynos


@pytest.fixture(params=["on_sqlite", "on_postgresql"])
def dynos(request: pytest.FixtureRequest) -> TwoDynos:
    running: TwoDynos = request.getfixturevalue(request.param)
    return running


def upload(client: httpx.Client, content: Any, processor: str = "upper") -> dict[str, Any]:
    """The job that has read this file."""
    accepted = client.post(f"/upload_file?processor={processor}", files={"file": content})
    assert accepted.status_code == 202, accepted.text
    url = accepted.json()["status_url"] + "?wait=10"
    wait_for(lambda: client.get(url).json()["finished_at"], WAIT_SECONDS, "the job does not end")
    job: dict[str, Any] = client.get(url).json()
    assert job["state"] == "succeeded", job
    return job


def test_a_file_goes_in_and_its_result_comes_out_in_any_part(dynos: TwoDynos) -> None:
    text = LINE * 20_000
    with dynos.web.client() as client:
        url = upload(client, text)["result_url"]
        whole = client.get(url)
        assert whole.content == text.upper()
        assert whole.headers["Accept-Ranges"] == "bytes"
        for start, end in [(0, 0), (262_143, 262_144), (500_000, len(text) - 1)]:
            part = client.get(url, headers={"Range": f"bytes={start}-{end}"})
            assert part.status_code == 206
            assert part.headers["Content-Range"] == f"bytes {start}-{end}/{len(text)}"
            assert part.content == text.upper()[start : end + 1]
    assert dynos.spooled == []


def test_an_empty_file_is_a_file(dynos: TwoDynos) -> None:
    with dynos.web.client() as client:
        assert upload(client, b"", "sha256")["result"]["sha256"] == hashlib.sha256().hexdigest()


def test_a_hundred_megabytes_go_through_in_bounded_memory(dynos: TwoDynos, tmp_path: Path) -> None:
    source = tmp_path / "large.txt"
    source.write_bytes(LINE * (LARGE_BYTES // len(LINE) - 100))
    roots = {"web": dynos.web.process.pid, "worker": dynos.worker_pid}
    with dynos.web.client() as client, watch_memory(**roots) as watch:
        with source.open("rb") as file:
            job = upload(client, file)
        digest = hashlib.sha256()
        with client.stream("GET", job["result_url"]) as answer:
            for piece in answer.iter_bytes():
                digest.update(piece)

    assert digest.hexdigest() == hashlib.sha256(source.read_bytes().upper()).hexdigest()
    grown_mb = {name: round(grown / MIB, 1) for name, grown in watch.grown_bytes.items()}
    print(f"grown by, in MiB: {grown_mb}")
    assert max(watch.grown_bytes.values()) <= MEMORY_BOUND_BYTES, grown_mb


def test_connections_that_the_server_ended_are_replaced(
    on_postgresql: TwoDynos, postgresql: PostgreSQLDatabase
) -> None:
    """Those of the store and of the jobs alike; a request in between may be told to come again."""
    with on_postgresql.web.client() as client:
        url = upload(client, LINE)["result_url"]
        assert client.get(url).content == LINE.upper()
        postgresql.query(
            "SELECT PG_TERMINATE_BACKEND(pid) FROM pg_stat_activity"
            " WHERE datname = %s AND pid <> PG_BACKEND_PID()",
            postgresql.name,
        )
        wait_for(
            lambda: client.get(url).status_code == 200, WAIT_SECONDS, "the connections stay broken"
        )
        assert client.get(url).content == LINE.upper()


@contextmanager
def posting(web: Service, size_bytes: int) -> Iterator[None]:
    """A large upload is sent while the block runs; what becomes of it is nobody's concern."""

    def post() -> None:
        with suppress(httpx.TransportError), web.client() as client:
            client.post("/upload_file", files={"file": b"x" * size_bytes})

    with ThreadPoolExecutor(max_workers=1) as pool:
        pool.submit(post)
        yield


def test_what_a_killed_web_left_is_found_by_the_sweep(
    migrated_database: Path, tmp_path: Path
) -> None:
    """Nothing is as old as the sweep waits for, so the clocks of file and row are put back."""
    with run_service(tmp_path, migrated_database, UPLOAD_STORAGE_URL="database:") as web:
        with posting(web, 200 * MIB):
            moving = "SELECT 1 FROM processing_databasefile WHERE size_bytes > 1000000"
            wait_for(lambda: web.query(moving), WAIT_SECONDS, "nothing came to the store")
            os.kill(web.worker.pid, signal.SIGKILL)
        [left] = [path for path in web.find_spooled() if path.suffix == ".part"]
        assert web.query("SELECT is_finished FROM processing_databasefile") == [(0,)]

        os.utime(left, (0, 0))
        web.query("UPDATE processing_databasefile SET modified_at = '2020-01-01 00:00:00'")
        done = run_manage("sweep_uploads", env=web.env)

        assert "2 files that nothing owns" in done.stdout, done
        assert web.find_spooled() == []
        assert web.query("SELECT 1 FROM processing_databasechunk LIMIT 1") == []
        assert web.query("SELECT 1 FROM processing_databasefile") == []
