"""Two webs and a worker that share a database and a store, and no disk."""

from __future__ import annotations

import hashlib
import random
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import cycle, pairwise, repeat
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest

from tests.postgresql import make_database
from tests.s3_server import run_s3_server
from tests.service import run_process
from tests.system.uploads.stock import sweep
from tests.system.uploads.tus import (
    create_upload,
    find_job,
    find_offset,
    list_jobs,
    send_part,
    wait_for_job,
)
from tests.system.uploads.web import Web, run_web

MIB = 1024 * 1024
PART_COUNT = 8
PART_BYTES = 3 * MIB
RACE_COUNT = 12
RACE_SECONDS = 30
BLOCK_COUNT = 8
BLOCK_BYTES = 64 * 1024
#: What a PATCH that came second may be answered with.
REFUSED = {409, 423}


@dataclass(frozen=True, kw_only=True)
class Dynos:
    """Both webs, and a client for each."""

    webs: list[Web]
    clients: list[httpx.Client]


@contextmanager
def run_store(url: str, folder: Path) -> Iterator[dict[str, str]]:
    """What the processes need to know to keep files where the URL says; a new bucket for S3."""
    if url == "s3:":
        with run_s3_server(folder) as server:
            yield server.environment | {"UPLOAD_STORAGE_URL": f"s3://{server.make_bucket()}"}
    else:
        yield {"UPLOAD_STORAGE_URL": url}


@pytest.fixture(scope="module", params=["database:", "s3:"])
def dynos(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Dynos]:
    folders = [tmp_path_factory.mktemp(name) for name in ("web-1", "web-2", "worker-1")]
    with ExitStack() as running:
        database = running.enter_context(make_database())
        store = running.enter_context(run_store(request.param, folders[2]))
        given = {"DATABASE_URL": database.url, **store}
        webs = [running.enter_context(run_web(folder, **given)) for folder in folders[:2]]
        running.enter_context(run_worker(folders[2], webs[0].env))
        clients = [running.enter_context(web.client()) for web in webs]
        yield Dynos(webs=webs, clients=clients)


def run_worker(folder: Path, env: dict[str, str]) -> AbstractContextManager[Any]:
    command = [sys.executable, "manage.py", "qcluster"]
    own = env | {"UPLOAD_SPOOL_DIR": str(folder / "spool")}
    return run_process(command, env=own, log=folder / "cluster.log")


def download_through_both(dynos: Dynos, job_path: str) -> list[bytes]:
    [job, *_] = [wait_for_job(client, job_path) for client in dynos.clients]
    return [client.get(job["result_url"]).raise_for_status().content for client in dynos.clients]


def empty_disk(web: Web) -> None:
    """Restart a web as its platform does: its disk is a new one."""
    web.stop()
    shutil.rmtree(web.folder / "spool", ignore_errors=True)
    web.start()


def test_an_upload_goes_on_at_the_other_web_each_time_and_over_a_restart(dynos: Dynos) -> None:
    content = random.Random(51).randbytes(PART_COUNT * PART_BYTES // 2).hex().encode()
    job_count = len(list_jobs(dynos.clients[0], "upper"))
    path = create_upload(dynos.clients[1], len(content), processor="upper")
    for number, client in zip(range(PART_COUNT), cycle(dynos.clients), strict=False):
        if number == PART_COUNT // 2:
            empty_disk(dynos.webs[number % 2])
        offset = find_offset(client, path)
        assert offset == number * PART_BYTES
        answer = send_part(client, path, offset, content[offset : offset + PART_BYTES])
        assert answer.status_code == 204, answer.text
    job_path = find_job(dynos.clients[0], path)
    assert download_through_both(dynos, job_path) == [content.upper()] * 2
    assert len(list_jobs(dynos.clients[1], "upper")) == job_count + 1
    sweep(dynos.webs[0].env).check()


def test_a_client_takes_over_from_its_own_dead_connection_to_the_other_web(dynos: Dynos) -> None:
    content = random.Random(52).randbytes(4 * BLOCK_BYTES)
    path = create_upload(dynos.clients[0], len(content), processor="sha256")
    is_silent, is_over = Event(), Event()

    def fall_silent() -> Iterator[bytes]:
        yield content[: 2 * BLOCK_BYTES]
        is_silent.set()
        assert is_over.wait(RACE_SECONDS)
        yield bytes(2 * BLOCK_BYTES)

    with ThreadPoolExecutor(1) as pool:
        try:
            dead = pool.submit(send_part, dynos.clients[0], path, 0, fall_silent())
            assert is_silent.wait(RACE_SECONDS)
            send_rest(dynos.clients[1], path, content)
        finally:
            is_over.set()
        with suppress(httpx.TransportError):
            assert dead.result(RACE_SECONDS).status_code in REFUSED
    job = wait_for_job(dynos.clients[1], find_job(dynos.clients[1], path))
    assert job["result"]["sha256"] == hashlib.sha256(content).hexdigest()


def send_rest(client: httpx.Client, path: str, content: bytes) -> None:
    """Go on from where the service is; once more where something came in between."""
    statuses = []
    for _ in range(2):
        offset = find_offset(client, path)
        statuses.append(send_part(client, path, offset, content[offset:]).status_code)
        if statuses[-1] == 204:
            return
    raise AssertionError(f"refused: {statuses}")


def send_letters(client: httpx.Client, path: str, offset: int, letter: bytes) -> None:
    """A PATCH of one letter alone; somebody else may come first, or take the upload over."""
    blocks = repeat(letter * BLOCK_BYTES, BLOCK_COUNT)
    with suppress(httpx.TransportError):
        answer = send_part(client, path, offset, blocks)
        assert answer.is_success or answer.status_code in REFUSED, answer.text


def test_two_requests_at_once_never_mix(dynos: Dynos) -> None:
    length_bytes = RACE_COUNT * BLOCK_COUNT * BLOCK_BYTES
    path = create_upload(dynos.clients[0], length_bytes, processor="upper")
    offsets = [0]
    with ThreadPoolExecutor(2) as pool:
        for letters in batched_letters(RACE_COUNT):
            racing = [
                pool.submit(send_letters, client, path, offsets[-1], letter)
                for client, letter in zip(dynos.clients, letters, strict=True)
            ]
            for race in racing:
                race.result(RACE_SECONDS)
            offsets.append(find_offset(dynos.clients[0], path))
    rest = b"-" * (length_bytes - offsets[-1])
    if rest:
        assert send_part(dynos.clients[0], path, offsets[-1], rest).status_code == 204
    [result, again] = download_through_both(dynos, find_job(dynos.clients[1], path))
    assert result == again
    assert len(result) == length_bytes
    runs = [result[begin:end] for begin, end in pairwise(offsets)]
    assert [len(set(run)) for run in runs] == [1] * RACE_COUNT


def batched_letters(count: int) -> list[tuple[bytes, bytes]]:
    """Two letters for each race, not those of the race before."""
    letters = cycle(bytes([code]) for code in b"abcdefghijklmnopqrstuvwxyz")
    return [(next(letters), next(letters)) for _ in range(count)]
