"""Several web processes, and processes that end: an upload has one writer and loses nothing."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from threading import Event, Thread

import httpx
import psutil
import pytest

from processing.queue.resumable import LEASE_SECONDS
from tests.conftest import StartService
from tests.service import START_SECONDS, Service, run_process, wait_for
from tests.web.problem import check_document
from tests.web.tus.cut import (
    begin_patch,
    find_row,
    find_server,
    make_content,
    read_kept,
    wait_until_kept,
    write_patch,
)
from tests.web.tus.test_patch import find_sha256
from tests.web.tus.uploading import create, find_offset, patch
from tests.web.wire import Answer, read_answer, write_head

CONTENT = make_content(1_000_000)
LENGTH = str(len(CONTENT))
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def connect_apart(service: Service, held: ExitStack) -> tuple[socket.socket, socket.socket]:
    """Two connections that two processes serve."""
    first = held.enter_context(service.connect())
    for _ in range(200):
        second = held.enter_context(service.connect())
        servers = [wait_for_server(service, connection) for connection in (first, second)]
        if servers[0] != servers[1]:
            return first, second
    pytest.fail("one process serves all connections")


def wait_for_server(service: Service, connection: socket.socket) -> int:
    wait_for(lambda: find_server(service, connection), 5, "nobody serves it")
    return find_server(service, connection)


def trickle(connection: socket.socket, is_over: Event) -> None:
    """Send on, a little at a time, as long as the server takes it."""
    try:
        while not is_over.wait(0.05):
            connection.sendall(b"a" * 100)
    except OSError:
        pass


@contextmanager
def run_again(service: Service) -> Iterator[None]:
    """The web process that has ended, anew."""
    command = [sys.executable, "-m", "gunicorn", "-c", "python:project.gunicorn_conf"]
    log = service.folder / "web.log"
    with run_process([*command, "project.asgi"], env=service.env, log=log):
        wait_for(lambda: answers(service), START_SECONDS, "the service did not start")
        yield


def answers(service: Service) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(f"{service.base_url}/healthz").is_success
    return False


def test_two_processes_never_write_together(start_service: StartService) -> None:
    service = start_service(WEB_CONCURRENCY="2")
    is_over = Event()
    with service.client() as client, ExitStack() as held:
        path = create(client, Upload_Length=LENGTH)
        first, second = connect_apart(service, held)
        first.sendall(write_patch(path, 0, 1_000_000) + b"a" * 200_000)
        wait_until_kept(service, path, 128 * 1024)
        sending = Thread(target=trickle, args=(first, is_over))
        sending.start()
        began_at = time.monotonic()
        second.sendall(write_patch(path, 0, 1_000_000) + b"b" * 100_000)
        answer = read_answer(second, "PATCH")
        is_over.set()
        sending.join()
        check_document(answer.headers["content-type"], answer.body, 409, "offset_mismatch")
        assert time.monotonic() - began_at < 10
        assert read_answer(first, "PATCH").status == 423
        kept = read_kept(service, path)
        assert set(kept) == {ord("a")}
        assert find_offset(client, path) == len(kept) >= 200_000


def test_a_client_that_comes_to_another_process_takes_over_from_its_silent_connection(
    start_service: StartService,
) -> None:
    service = start_service(WEB_CONCURRENCY="2")
    with service.client() as client, ExitStack() as held:
        path = create(client, Upload_Length=LENGTH)
        first, second = connect_apart(service, held)
        first.sendall(write_patch(path, 0, len(CONTENT)) + CONTENT[:300_000])
        wait_until_kept(service, path, 256 * 1024)
        began_at = time.monotonic()
        answer = ask(second, path)
        assert (answer.status, answer.headers["upload-offset"]) == (200, "300000")
        assert time.monotonic() - began_at < 6
        assert read_answer(first, "PATCH").status == 423
        response = patch(client, path, 300_000, CONTENT[300_000:])
        assert find_sha256(service, response.headers["Job-Location"]) == SHA256


def test_a_process_that_stood_still_for_longer_than_its_lease_writes_no_more(
    start_service: StartService,
) -> None:
    service = start_service(WEB_CONCURRENCY="2")
    with ExitStack() as held:
        first, second = connect_apart(service, held)
        with service.client() as client:
            path = create(client, Upload_Length=LENGTH)
        first.sendall(write_patch(path, 0, 1_000_000) + b"a" * 200_000)
        wait_until_kept(service, path, 128 * 1024)
        stopped = find_server(service, first)
        os.kill(stopped, signal.SIGSTOP)
        held.callback(os.kill, stopped, signal.SIGCONT)
        first.sendall(b"a" * 100_000)  # it waits in the kernel
        began_at = time.monotonic()
        while (answer := ask(second, path)).status == 423:
            assert time.monotonic() - began_at < LEASE_SECONDS + 5
        offset = int(answer.headers["upload-offset"])
        assert offset <= 200_000
        rest = b"b" * (1_000_000 - offset)
        second.sendall(write_patch(path, offset, len(rest)) + rest)
        assert read_answer(second, "PATCH").status == 204
        os.kill(stopped, signal.SIGCONT)
        assert read_answer(first, "PATCH").status == 423
        assert read_kept(service, path) == b"a" * offset + rest


def ask(connection: socket.socket, path: str) -> Answer:
    connection.sendall(write_head("HEAD", path, Tus_Resumable="1.0.0"))
    return read_answer(connection, "HEAD")


def test_a_killed_process_costs_what_it_had_not_written_and_no_time(
    start_service: StartService,
) -> None:
    service = start_service()
    with service.client() as client:
        path = create(client, Upload_Length=LENGTH)
    with begin_patch(service, path, 0, CONTENT[:500_000], len(CONTENT)):
        wait_until_kept(service, path, 256 * 1024)
        killed = service.worker.pid
        os.kill(killed, signal.SIGKILL)
        wait_for(lambda: has_other_worker(service, killed), 10, "no other process came")
    with service.client() as client:
        began_at = time.monotonic()
        offset = find_offset(client, path)
        assert time.monotonic() - began_at < 4
        assert 256 * 1024 <= offset <= 500_000
        response = patch(client, path, offset, CONTENT[offset:])
        assert find_sha256(service, response.headers["Job-Location"]) == SHA256


def has_other_worker(service: Service, killed: int) -> bool:
    children = psutil.Process(service.process.pid).children()
    return any(child.pid != killed and child.status() != "zombie" for child in children)


def test_a_process_that_is_told_to_stop_keeps_what_came_and_is_gone(
    start_service: StartService,
) -> None:
    service = start_service(SHUTDOWN_GRACE_SECONDS="10")
    with service.client() as client:
        path = create(client, Upload_Length=LENGTH)
    with begin_patch(service, path, 0, CONTENT[:300_000], len(CONTENT)) as connection:
        wait_until_kept(service, path, 256 * 1024)
        service.process.send_signal(signal.SIGTERM)
        answer = read_answer(connection, "PATCH")
    check_document(answer.headers["content-type"], answer.body, 503, "upload_interrupted")
    assert answer.headers["retry-after"] == "1"
    assert service.process.wait(5) == 0
    row = find_row(service, path)
    assert (row["holder"], row["offset"], row["digest_offset"]) == ("", 300_000, 300_000)
    assert "Traceback" not in service.log
    with run_again(service), service.client() as client:
        response = patch(client, path, 300_000, CONTENT[300_000:])
        assert find_sha256(service, response.headers["Job-Location"]) == SHA256


def test_a_digest_of_bytes_that_were_lost_is_not_believed_of_others(
    start_service: StartService,
) -> None:
    service = start_service()
    other = bytes(reversed(CONTENT))
    with service.client() as client:
        path = create(client, Upload_Length=LENGTH)
        patch(client, path, 0, CONTENT[:300_000])
    name = find_row(service, path)["stored_name"]
    os.truncate(service.folder / "spool" / "store" / name, 0)
    with begin_patch(service, path, 0, other[:500_000], len(other)):
        wait_until_kept(service, path, 400_000)
        killed = service.worker.pid
        os.kill(killed, signal.SIGKILL)
        wait_for(lambda: has_other_worker(service, killed), 10, "no other process came")
    with service.client() as client:
        offset = find_offset(client, path)
        response = patch(client, path, offset, other[offset:])
        sha256 = find_sha256(service, response.headers["Job-Location"])
    assert sha256 == hashlib.sha256(other).hexdigest()
