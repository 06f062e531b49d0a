"""A fat web process is replaced while it serves, and nobody who asks notices."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import psutil
import pytest

from processing.memory.units import MIB
from processing.memory.usage import read_proportional_bytes
from tests.conftest import StartService
from tests.fat_module import make_fat
from tests.service import Service, wait_for
from tests.web.wire import exchange, read_answer, write_head

MODULES = "tests.processor_module,tests.fat_module"
FAT_MIB = 120
#: It is trimmed after 5 s and replaced after 10; the rest is for a loaded machine.
REPLACE_SECONDS = 60.0
HEALTH_SECONDS = 1.0
FORM = "multipart/form-data; boundary=b"
BODY = (
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    + b"x" * 1000
    + b"\r\n--b--\r\n"
)


class Clients:
    """What many clients have met so far."""

    def __init__(self) -> None:
        self.failures: list[str] = []
        self.answer_count = 0
        self.slowest_health_seconds = 0.0

    def ask(self, send: Callable[[], httpx.Response], status: int) -> None:
        try:
            response = send()
        except httpx.HTTPError as error:
            self.failures.append(repr(error))
            return
        self.answer_count += 1
        if response.status_code != status:
            self.failures.append(f"{response.status_code} {response.text}")

    def ask_for_health(self, service: Service) -> None:
        began_at = time.monotonic()
        self.ask(lambda: httpx.get(f"{service.base_url}/healthz", timeout=10), 200)
        took_seconds = time.monotonic() - began_at
        self.slowest_health_seconds = max(self.slowest_health_seconds, took_seconds)


@contextmanager
def clients_asking(service: Service) -> Iterator[Clients]:
    """Clients that ask without a pause: over one connection each, and over a new one each time."""
    clients = Clients()
    stop = threading.Event()

    def post_over_one_connection() -> None:
        with service.client() as client:
            while not stop.is_set():
                clients.ask(lambda: client.post("/process_data", json=1), 202)

    def list_over_new_ones() -> None:
        while not stop.is_set():
            clients.ask(lambda: httpx.get(f"{service.base_url}/jobs/?limit=1", timeout=10), 200)

    def watch_health() -> None:
        while not stop.wait(0.02):
            clients.ask_for_health(service)

    loads = (post_over_one_connection, list_over_new_ones, watch_health)
    threads = [threading.Thread(target=load) for load in loads]
    for thread in threads:
        thread.start()
    try:
        yield clients
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def find_processes(service: Service) -> set[int]:
    return {child.pid for child in psutil.Process(service.process.pid).children()}


def has_client(pid: int) -> bool:
    connections = psutil.Process(pid).net_connections("tcp")
    return psutil.CONN_ESTABLISHED in [connection.status for connection in connections]


def find_busy(pids: set[int]) -> int:
    """The one of these processes that has a client."""
    wait_for(lambda: any(map(has_client, pids)), 10, "nobody took the connection")
    return next(filter(has_client, pids))


def begin_upload(service: Service) -> socket.socket:
    connection = service.connect()
    head = write_head("POST", "/upload_file", Content_Type=FORM, Content_Length=len(BODY))
    connection.sendall(head + BODY[:100])
    return connection


def is_asked_to_close(connection: socket.socket) -> bool:
    """Whether the process that answers on `connection` tells its client to come to another."""
    connection.sendall(write_head("GET", "/healthz"))
    answer = read_answer(connection)
    assert answer.body == b"ok"
    return answer.headers.get("connection") == "close"


def make_one_fat(service: Service, pid: int) -> None:
    make_fat(service.folder / "spool", pid, FAT_MIB)
    held_bytes = read_proportional_bytes(pid)
    wait_for(lambda: read_proportional_bytes(pid) > held_bytes + 100 * MIB, 10, "it stayed small")


def test_one_process_alone_is_replaced_and_nothing_is_refused_or_cut(
    start_service: StartService,
) -> None:
    service = start_service(PROCESSOR_MODULES=MODULES)
    [fat] = find_processes(service)
    with service.client() as client:
        events = client.post("/process_data", json=1).json()["status_url"] + "/events"
    with (
        service.connect() as idle,
        service.connect() as stream,
        begin_upload(service) as upload,
    ):
        stream.sendall(write_head("GET", events))
        idle.sendall(write_head("GET", "/healthz"))
        assert read_answer(idle).body == b"ok"
        with clients_asking(service) as clients:
            make_one_fat(service, fat)
            wait_for(lambda: len(find_processes(service)) == 2, REPLACE_SECONDS, "none was begun")
            [newcomer] = find_processes(service) - {fat}
            asked_for = clients.answer_count + 100
            wait_for(lambda: clients.answer_count > asked_for, 30, "nobody answers")
            assert find_processes(service) == {fat, newcomer}  # it waits for its connections
            wait_for(lambda: is_asked_to_close(idle), 30, "the old one never tells a client to go")
            idle.close()
            assert read_answer(stream).body.count(b"event: job\n") == 1  # it ends by itself
            stream.close()
            upload.sendall(BODY[100:])
            assert read_answer(upload, "POST").status == 202
            assert find_processes(service) == {fat, newcomer}  # until the client has closed, too
            upload.close()
            wait_for(lambda: find_processes(service) == {newcomer}, 10, "the old one stays")
            asked_for = clients.answer_count + 100
            wait_for(lambda: clients.answer_count > asked_for, 30, "nobody answers")
    assert clients.failures == []
    assert clients.slowest_health_seconds < HEALTH_SECONDS
    assert read_proportional_bytes(newcomer) < 60 * MIB
    assert find_processes(service) == {newcomer}
    told = service.query("SELECT action FROM processing_memorysample WHERE pid = ?", fat)
    assert [action for (action,) in told if action] == ["trim", "replace"]
    assert "Traceback" not in service.log


def test_one_that_is_killed_while_it_leaves_leaves_as_many_as_there_were(
    start_service: StartService,
) -> None:
    service = start_service(PROCESSOR_MODULES=MODULES, WEB_CONCURRENCY="2")
    before = find_processes(service)
    with begin_upload(service):  # whoever has it stays until it is over
        fat = find_busy(before)
        make_one_fat(service, fat)
        wait_for(lambda: len(find_processes(service)) == 3, REPLACE_SECONDS, "none was begun")
        os.kill(fat, signal.SIGKILL)
        wait_for(lambda: len(find_processes(service)) == 2, 10, "as many as there were")
        for _ in range(20):
            assert exchange(service, write_head("GET", "/jobs/")).status == 200
        assert len(find_processes(service)) == 2
        assert find_processes(service) & before == before - {fat}


@pytest.mark.parametrize("count", [1, 2])
def test_an_operator_goes_on_adding_and_taking_processes(
    start_service: StartService, count: int
) -> None:
    service = start_service(WEB_CONCURRENCY=str(count))
    service.process.send_signal(signal.SIGTTIN)
    wait_for(lambda: len(find_processes(service)) == count + 1, 10, "none was added")
    service.process.send_signal(signal.SIGTTOU)
    wait_for(lambda: len(find_processes(service)) == count, 20, "none was taken")
