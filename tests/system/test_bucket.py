"""The web and the worker with a bucket for their store, as dynos that share no disk have it."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.s3_server import S3Server
from tests.service import ROOT, Service, find_free_port, run_cluster, run_service, wait_for
from tests.system.input_files import is_upper_of, make_text, sha256_of
from tests.system.memory_watch import watch_memory
from tests.system.test_real_input import MIB, START_SECONDS, Running
from tests.system.uploads.tus import VERSION, send_part

LARGE_BYTES = 300_000_000
MEMORY_BOUND_BYTES = 40 * MIB
#: Four tries and the waits between them, on a busy machine.
GIVE_UP_SECONDS = 60


@pytest.fixture(scope="module")
def running(
    s3_server: S3Server, migrated_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """Each with a spool of its own; they share the database and the bucket."""
    folder = tmp_path_factory.mktemp("bucket")
    given = {"UPLOAD_STORAGE_URL": f"s3://{s3_server.make_bucket()}/files"}
    with run_service(folder, migrated_database, **given, **s3_server.environment) as service:
        other = service.env | {"UPLOAD_SPOOL_DIR": str(folder / "other-spool")}
        worker = Service(process=service.process, folder=folder, port=service.port, env=other)
        with run_cluster(worker) as cluster:
            running = Running(service, cluster.pid)
            wait_for(running.is_ready, START_SECONDS, "the worker did not start")
            yield running


def test_three_hundred_megabytes_go_through_in_bounded_memory(
    running: Running, tmp_path: Path
) -> None:
    """The first test of this file: both processes are fresh and have done nothing yet."""
    source = make_text(tmp_path / "large.txt", LARGE_BYTES)
    roots = {"web": running.service.process.pid, "worker": running.worker_pid}
    with watch_memory(**roots) as watch:
        job = running.upload("upper", source)
        result = running.download(job, tmp_path / "result")
    assert is_upper_of(result, source)
    grown_mb = {name: round(grown / MIB, 1) for name, grown in watch.grown_bytes.items()}
    print(f"grown by, in MiB: {grown_mb}")
    assert max(watch.grown_bytes.values()) <= MEMORY_BOUND_BYTES, grown_mb


def test_a_part_of_a_result_is_read_from_the_bucket(running: Running, tmp_path: Path) -> None:
    source = make_text(tmp_path / "text.txt", 20_000_000)
    job = running.upload("upper", source)
    with running.service.client() as client:
        assert client.get("/readyz").json()["store"] == "ok"
        answer = client.get(job["result_url"], headers={"Range": "bytes=9000000-9000099"})
    assert answer.status_code == httpx.codes.PARTIAL_CONTENT
    assert answer.content == source.read_bytes()[9_000_000:9_000_100].upper()
    assert running.upload("sha256", source)["result"]["sha256"] == sha256_of(source)
    assert running.service.find_spooled() == []


def test_a_bucket_that_does_not_answer_is_a_reason_to_try_again(
    migrated_database: Path, tmp_path: Path
) -> None:
    environment = {
        "UPLOAD_STORAGE_URL": "s3://files",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{find_free_port()}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    with run_service(tmp_path, migrated_database, **environment) as service:
        with service.client() as client:
            answer = client.post(
                "/upload_file", files={"file": b"content"}, timeout=GIVE_UP_SECONDS
            )
            readiness = client.get("/readyz")
        assert readiness.status_code == httpx.codes.OK
        assert readiness.json()["store"].startswith("degraded: ")
        check_unavailable(answer)
        assert "the bucket files is of no use now: Could not connect" in service.log
        assert "Traceback" not in service.log
        assert service.find_spooled() == []


def test_a_bucket_that_is_not_there_is_no_reason_to_begin_anew(
    migrated_database: Path, tmp_path: Path, s3_server: S3Server
) -> None:
    given = {"UPLOAD_STORAGE_URL": "s3://no-such-bucket", **s3_server.environment}
    with run_service(tmp_path, migrated_database, **given) as service, service.client() as client:
        key = uuid.uuid4()
        service.query(
            "INSERT INTO processing_resumableupload"
            "(id, kind, filename, stored_name, length, created_at)"
            "VALUES (?, 'single', 'a', 'sources/ab/abc', 5, CURRENT_TIMESTAMP)",
            key.hex,
        )
        path = f"/uploads/{key}"
        assert client.head(path, headers=VERSION).status_code == httpx.codes.SERVICE_UNAVAILABLE
        check_unavailable(send_part(client, path, 0, b"hello"))
        check_unavailable(client.post("/uploads/", headers=VERSION | {"Upload-Length": "5"}))
        assert "the bucket no-such-bucket is of no use now: there is no such bucket" in service.log
        assert "Traceback" not in service.log
        assert service.query("SELECT id FROM processing_resumableupload") == [(key.hex,)]


def check_unavailable(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("process", ["project.asgi", "processing.queue.cluster.start"])
def test_another_store_loads_nothing_of_a_bucket(service: Service, process: str) -> None:
    code = (
        "import sys, django; django.setup(); import importlib;"
        f"importlib.import_module({process!r});"
        "from processing.uploads.store import get_store; get_store();"
        "print([name for name in sys.modules if name in ('boto3', 'botocore', 'storages')])"
    )
    env = service.env | {"DJANGO_SETTINGS_MODULE": "project.settings"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
