"""What bounds event streams: their number, their silence, a client that stops reading."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

import pytest

from processing.models import Job
from processing.web import draining, job_events, job_watch, sending
from processing.web.database import in_database
from processing.web.door import Door
from processing.web.job_watch import LOOK_EVERY_SECONDS, JobWatch, Standing
from tests.factories import make_job
from tests.web.in_process import Client
from tests.web.problem import check_document

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE_SECONDS = 10.0
WATCHERS = 50
Scenario = Callable[[], Coroutine[Any, Any, None]]


@pytest.fixture
def path() -> str:
    return f"/jobs/{make_job().pk}/events"


def play(scenario: Scenario) -> None:
    async def play_in_time() -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await scenario()

    asyncio.run(play_in_time())


def test_one_stream_too_many_is_refused_until_one_ends(
    monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(job_events, "MAX_STREAMS", 1)

    async def scenario() -> None:
        door, first = Door(), Client()
        streaming = asyncio.create_task(first.get(door, path))
        await first.see(b"data: ")
        refused = Client()
        await refused.get(door, path)
        check_document(refused.headers["content-type"], refused.body, 503, "events_busy")
        assert refused.headers["retry-after"]
        streaming.cancel()
        await asyncio.wait({streaming})
        again = Client()
        streaming = asyncio.create_task(again.get(door, path))
        await again.see(b"data: ")
        await in_database(Job.objects.update, state="cancelled")
        await streaming
        assert again.body.count(b"data: ") == 2

    play(scenario)


def test_silence_is_broken_by_a_comment(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(job_events, "HEARTBEAT_SECONDS", 0.1)

    async def scenario() -> None:
        client = Client()
        streaming = asyncio.create_task(client.get(Door(), path))
        await client.see(b"\n\n: ", 3)
        streaming.cancel()
        assert client.body.startswith(b"retry: 2000\n\nevent: job\nid: ")
        assert client.body.count(b"data: ") == 1

    play(scenario)


def test_a_stream_that_nobody_reads_gives_its_seat_back(
    monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(sending, "SEND_STALL_SECONDS", 0.2)

    async def scenario() -> None:
        await Client(takes=2).get(Door(), path)
        assert not job_events._streams

    play(scenario)


def test_a_stream_ends_after_its_longest_time(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(job_events, "STREAM_MOST_SECONDS", 0.1)
    monkeypatch.setattr(job_events, "HEARTBEAT_SECONDS", 0.05)

    async def scenario() -> None:
        client = Client()
        await client.get(Door(), path)
        assert client.body.count(b"data: ") == 1

    play(scenario)


def test_a_process_that_another_replaces_ends_its_streams_and_keeps_its_waits(
    monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    async def scenario() -> None:
        door, client, waiting = Door(), Client(), Client()
        streaming = asyncio.create_task(client.get(door, path))
        waited = asyncio.create_task(waiting.get(door, path.replace("/events", "?wait=1")))
        await client.see(b"data: ")
        monkeypatch.setattr(draining, "_is_leaving", True)
        await streaming
        assert not waited.done()
        await waited
        assert waiting.status == 200

    play(scenario)


def test_one_query_asks_for_all_who_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[UUID]] = []
    loaded: list[set[UUID]] = []
    find, load = job_watch._find_standings, job_watch._load

    def find_counted(ids: list[UUID]) -> dict[UUID, Standing]:
        asked.append(ids)
        return find(ids)

    def load_counted(ids: set[UUID]) -> dict[UUID, Job]:
        loaded.append(ids)
        return load(ids)

    monkeypatch.setattr(job_watch, "_find_standings", find_counted)
    monkeypatch.setattr(job_watch, "_load", load_counted)
    job, other = make_job(), make_job()

    async def scenario() -> None:
        watch = JobWatch()
        waits = [
            asyncio.create_task(watch.wait_for_change(each.pk, Standing.of(each), 5))
            for each in (job, other)
            for _ in range(WATCHERS)
        ]
        await watch.wait_until_final(job.pk, 3.5 * LOOK_EVERY_SECONDS)
        assert 3 <= len(asked) <= 4
        await in_database(Job.objects.update, progress=0.5)
        told = await asyncio.gather(*waits)
        assert {each.progress for each in told if each} == {0.5}

    play(scenario)
    assert all(set(ids) == {job.pk, other.pk} for ids in asked)
    assert loaded == [{job.pk, other.pk}]
