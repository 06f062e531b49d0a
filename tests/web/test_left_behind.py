"""What requests and connections leave behind when they are over: no work for the collector."""

from __future__ import annotations

import asyncio
import gc
import logging

import pytest

from processing.web.door import Door
from tests.collector import no_collector
from tests.conftest import StartService
from tests.service import Service, wait_for
from tests.web.in_process import Client
from tests.web.upload_crowd import Peak
from tests.web.wire import read_answer, write_head

MB = 1000 * 1000
REFUSED_COUNT = 50
ADMIN_COUNT = 10
#: Each takes 12 KB while it is there.
CLOSED_COUNT = 1500
CLOSED_MOST_BYTES = 5 * MB


@pytest.fixture
def service(start_service: StartService) -> Service:
    return start_service()


def count_garbage(door: Door, target: str, status: int) -> int:
    """Objects in cycles that many requests for it leave."""

    async def ask() -> None:
        client = Client()
        await client.get(door, target)
        assert client.status == status

    async def ask_often() -> int:
        await ask()
        await asyncio.sleep(0)
        gc.collect()
        for _ in range(REFUSED_COUNT):
            await ask()
        await asyncio.sleep(0)
        return gc.collect()

    with no_collector():
        return asyncio.run(ask_often())


@pytest.mark.parametrize(
    ("target", "status"),
    [("/get_external_data?url=ftp://a", 400), ("/nothing", 404), ("/process_data", 405)],
)
def test_what_a_view_refuses_is_freed_at_once(
    caplog: pytest.LogCaptureFixture, target: str, status: int
) -> None:
    caplog.set_level(logging.WARNING, "processing.access")  # each line would be kept
    assert count_garbage(Door(), target, status) < REFUSED_COUNT


def test_connections_that_clients_close_are_gone_at_once(service: Service) -> None:
    head = write_head("GET", "/healthz")
    peak = Peak(service)
    for _ in range(CLOSED_COUNT):
        with service.connect() as connection:
            connection.sendall(head)
            assert read_answer(connection).status == 200
        peak.look()
    assert peak.added_bytes < CLOSED_MOST_BYTES


def test_an_admin_page_leaves_no_database_connection(service: Service) -> None:
    def count_connections() -> int:
        files = service.worker.open_files()
        return sum(file.path.endswith("-wal") for file in files)

    with service.client(headers={"Cookie": "sessionid=0123456789abcdef"}) as client:
        for _ in range(ADMIN_COUNT):
            assert client.get("/admin/").status_code == 302
    wait_for(lambda: count_connections() <= 1, 5, "connections are left open")
