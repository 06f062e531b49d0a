"""Near the quota new work is refused before its body is read, and everything else is answered."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from types import SimpleNamespace

import pytest
from pytest_django import Settings

from processing.errors import MemoryPressure
from processing.memory.actions import Kind
from processing.memory.units import MIB
from processing.uploads.disk import start_on_disk_thread
from processing.web import load_line
from processing.web.board import Board, make_board
from processing.web.load_line import LOOK_TIMES, LoadLine
from tests.conftest import StartService
from tests.fat_module import make_fat
from tests.service import Service, wait_for
from tests.web.problem import check_document
from tests.web.wire import exchange, write_head

#: So much is in use at the start: 65 MB of master and process.
QUOTA_MB, FAT_MIB = 180, 120
LINES = "are in use: new work is refused", "are in use: new work is taken again"


class Machine:
    """A load line of its own on a web whose usage the test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, page: Board) -> None:
        self.used_bytes = 0
        self.look_count = 0
        self.heard: list[str] = []
        self.page = page
        self.line = LoadLine(page, lambda action, detail: self.heard.append(action))
        monkeypatch.setattr(load_line, "read_usage_bytes", self._read)

    def _read(self, quota: object, pids: object) -> int:
        self.look_count += 1
        return self.used_bytes

    def check(self, used_mb: int) -> bool:
        """Whether new work is taken with so much in use."""

        async def scenario() -> bool:
            self.used_bytes = used_mb * MIB
            self.page.look_due_at = 0
            try:
                await self.line.check()
            except MemoryPressure:
                return False
            return True

        return asyncio.run(scenario())


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Machine:
    quota = SimpleNamespace(limit_bytes=100 * MIB, usable_bytes=100 * MIB, source="a test")
    settings.MEMORY_QUOTA = quota
    return Machine(monkeypatch, make_board())


def test_work_is_refused_from_85_percent_until_below_80(machine: Machine) -> None:
    answers = [machine.check(used_mb) for used_mb in (84, 85, 84, 80, 79, 84)]
    assert answers == [True, False, False, False, True, True]
    assert machine.heard == [Kind.PAUSE, Kind.RESUME]


def test_one_look_serves_all_processes_for_a_second(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not machine.check(90)
    another = LoadLine(machine.page, lambda action, detail: None)
    with pytest.raises(MemoryPressure, match="90 MB of 100 MB"):
        asyncio.run(another.check())
    assert machine.look_count == 1


def test_a_look_that_costs_more_is_taken_more_rarely(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    spent = iter([0.0, 2 / LOOK_TIMES])
    monkeypatch.setattr(time, "thread_time", lambda: next(spent))
    assert machine.check(10)
    assert machine.page.look_due_at - time.monotonic() == pytest.approx(2.0, abs=0.5)


def test_a_busy_disk_holds_no_look_up(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load_line, "LOOK_WAIT_SECONDS", 20.0)
    goes_on = threading.Event()

    async def scenario() -> None:
        busy = start_on_disk_thread(goes_on.wait, 30)
        await machine.line.check()
        assert machine.look_count == 1
        assert not busy.done()
        goes_on.set()
        await busy

    asyncio.run(scenario())


def test_a_slow_look_holds_no_request_up(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load_line, "LOOK_WAIT_SECONDS", 0.05)
    goes_on = threading.Event()

    def read(quota: object, pids: object) -> int:
        goes_on.wait(30)
        return 90 * MIB

    monkeypatch.setattr(load_line, "read_usage_bytes", read)

    async def scenario() -> None:
        await machine.line.check()
        assert not goes_on.is_set()
        machine.page.look_due_at = 0
        goes_on.set()
        with pytest.raises(MemoryPressure):
            await machine.line.check()

    asyncio.run(scenario())


def ask_for_work(service: Service) -> list[tuple[int, str]]:
    """Status and code of a post, an upload and a fan-out, whose bodies are never sent."""
    form = "multipart/form-data; boundary=b"
    requests = [
        write_head(
            "POST", "/process_data", Content_Type="application/json", Content_Length=100_000
        ),
        write_head("POST", "/upload_file", Content_Type=form, Content_Length=100_000),
        write_head("GET", f"/get_external_data?url={service.base_url}/healthz"),
    ]
    found = []
    for request in requests:
        answer = exchange(service, request)
        assert 1 <= int(answer.headers["retry-after"]) <= 60
        document = check_document(
            answer.headers["content-type"], answer.body, answer.status, "memory_pressure"
        )
        found.append((answer.status, document["code"]))
    return found


def test_a_full_web_takes_no_work_until_it_is_smaller_and_answers_all_else(
    start_service: StartService,
) -> None:
    modules = "tests.processor_module,tests.fat_module"
    service = start_service(MEMORY_QUOTA_MB=str(QUOTA_MB), PROCESSOR_MODULES=modules)
    with service.client() as client:

        def is_taken() -> bool:
            return client.post("/process_data", json=1).status_code == 202

        def repeat() -> tuple[int, str]:
            answer = client.post("/process_data", json=1, headers={"Idempotency-Key": "again"})
            return answer.status_code, answer.text

        first = repeat()
        path = json.loads(first[1])["status_url"]
        make_fat(service.folder / "spool", service.worker.pid, FAT_MIB)
        wait_for(lambda: not is_taken(), 10, "the usage was not seen")
        assert ask_for_work(service) == [(503, "memory_pressure")] * 3
        assert repeat() == first
        readiness = client.get("/readyz")
        assert readiness.status_code == 200
        assert readiness.json()["memory"].startswith("degraded: ")
        statuses = [client.get(p).status_code for p in ("/healthz", path, "/jobs/", "/admin/")]
        assert statuses == [200, 200, 200, 302]
        assert [service.log.count(line) for line in LINES] == [1, 0]
        make_fat(service.folder / "spool", service.worker.pid, 0)
        wait_for(is_taken, 10, "work was refused for ever")
        assert client.get("/readyz").json()["memory"] == "ok"
    assert [service.log.count(line) for line in LINES] == [1, 1]

    def find_actions() -> set[str]:
        rows = service.query("SELECT action FROM processing_memorysample WHERE action <> ''")
        return {str(action) for (action,) in rows}

    wait_for(lambda: {Kind.PAUSE, Kind.RESUME} <= find_actions(), 10, "no sample of the actions")
