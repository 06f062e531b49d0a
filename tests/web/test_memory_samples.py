"""A web that serves leaves a sample a minute of each of its processes, and needs no database to."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time

import pytest
from django.db import InterfaceError, OperationalError, ProgrammingError

from processing.models import MemorySample
from processing.web import memory_samples
from processing.web.board import make_board
from processing.web.database import in_database
from processing.web.memory_samples import MOST_WAITING, MemorySamples
from tests.conftest import StartService
from tests.service import wait_for

COLUMNS = "name, pid, type, host, used_bytes, usage_bytes, quota_bytes, action"
MIB = 1024 * 1024


def test_the_first_request_leaves_a_sample_of_process_and_master(
    start_service: StartService,
) -> None:
    service = start_service(MEMORY_QUOTA_MB="500")
    with service.client() as client:
        assert client.get("/healthz").status_code == 200
        assert service.query("SELECT * FROM processing_memorysample") == []
        for _ in range(3):
            client.get("/jobs/")
        wait_for(
            lambda: service.query("SELECT 1 FROM processing_memorysample"), 5, "no sample was kept"
        )
    found = service.query(f"SELECT {COLUMNS} FROM processing_memorysample ORDER BY name")
    names = [(name, pid) for name, pid, *_ in found]
    assert names == [("master", service.process.pid), ("process", service.worker.pid)]
    for _, _, type_, host, used_bytes, usage_bytes, quota_bytes, action in found:
        assert (type_, host, quota_bytes, action) == ("web", socket.gethostname(), 500 * MIB, "")
        assert 5 * MIB < used_bytes < usage_bytes < quota_bytes


def test_a_database_that_is_away_costs_nothing_but_the_sample(
    start_service: StartService,
) -> None:
    service = start_service(DATABASE_URL="postgres://user@127.0.0.1:1/name")
    with service.client() as client:
        for _ in range(3):
            assert client.get("/no-such-path").status_code == 404
            assert client.get("/healthz").text == "ok"
    assert "Traceback" not in service.log
    assert "never retrieved" not in service.log


async def let_all_end() -> None:
    await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))


@pytest.fixture
def _empty_table(transactional_db: None) -> None:
    """The database thread has a connection of its own, which sees what is committed."""


@pytest.mark.parametrize("error", [OperationalError, ProgrammingError, InterfaceError])
def test_a_sample_that_cannot_be_kept_is_forgotten(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    async def fail(*arguments: object) -> None:
        raise error

    monkeypatch.setattr(memory_samples, "in_database", fail)

    async def scenario() -> None:
        MemorySamples(make_board()).take("trim", "it was trimmed")
        await let_all_end()

    asyncio.run(scenario())


@pytest.mark.usefixtures("_empty_table")
def test_a_minute_has_one_sample_of_a_process_and_one_of_the_master(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    page = make_board()
    one, another = MemorySamples(page), MemorySamples(page)

    async def scenario() -> None:
        for now in (1000.0, 1059.0, 1060.0):
            clock[0] = now
            one.take_if_due()
            another.take_if_due()
        another.take("trim", "it was trimmed")
        await let_all_end()

    asyncio.run(scenario())
    found = list(MemorySample.objects.order_by("id").values_list("name", "pid", "action"))
    ours, masters = ("process", os.getpid(), ""), ("master", os.getppid(), "")
    assert sorted(found) == sorted([ours] * 4 + [masters] * 2 + [("process", os.getpid(), "trim")])


@pytest.mark.usefixtures("_empty_table")
def test_a_database_that_stalls_has_few_samples_wait_for_it() -> None:
    samples = MemorySamples(make_board())
    goes_on = threading.Event()

    async def scenario() -> None:
        stalled = asyncio.create_task(in_database(goes_on.wait, 30))
        await asyncio.sleep(0)
        for _ in range(3 * MOST_WAITING):
            samples.take("trim", "")
        goes_on.set()
        await stalled
        await let_all_end()

    asyncio.run(scenario())
    assert MemorySample.objects.count() == MOST_WAITING
