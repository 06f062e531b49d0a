"""A client that stops reading its answer is given up, and holds nothing then."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest
from pytest_django import Settings

from processing.uploads.disk import CHUNK_BYTES
from processing.web import sending
from processing.web.budgets import fan_out_budget
from processing.web.door import Door
from tests.fanout.upstream import reply, serve_upstream
from tests.web.in_process import Client

STALL_SECONDS = 0.2
PATIENCE_SECONDS = 10.0


@pytest.fixture
def short_stall(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "SEND_STALL_SECONDS", STALL_SECONDS)


@pytest.fixture
def door(settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Door:
    """A door with one large static file, and leave to reach this machine."""
    settings.EXTERNAL_ALLOWED_HOSTS = ["*"]
    settings.EXTERNAL_ALLOW_PRIVATE = True
    settings.STATIC_ROOT = tmp_path
    (tmp_path / "large.js").write_bytes(b"x" * 10 * CHUNK_BYTES)
    caplog.set_level(logging.INFO, "processing.access")
    return Door()


def check_access_line(caplog: pytest.LogCaptureFixture, request: str) -> None:
    [line] = [each.getMessage() for each in caplog.records if each.name == "processing.access"]
    assert line.startswith(f"GET {request} 200 ")
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.usefixtures("short_stall")
@pytest.mark.parametrize("accept", ["application/json", "application/x-ndjson"])
def test_an_answer_that_nobody_reads_gives_its_budget_back(
    door: Door, caplog: pytest.LogCaptureFixture, accept: str
) -> None:
    async def scenario() -> None:
        fan_out_budget.cache_clear()
        budget = fan_out_budget()
        async with asyncio.timeout(PATIENCE_SECONDS), serve_upstream({"/": reply(b"x")}) as server:
            client = Client(takes=1)
            target = f"/get_external_data?url={server.url('/')}"
            asking = asyncio.create_task(client.get(door, target, accept=accept))
            await client.has_stopped.wait()
            assert budget.held_bytes > 0
            await asking
        assert budget.held_bytes == 0

    asyncio.run(scenario())
    check_access_line(caplog, "/get_external_data")


def test_a_text_is_sent_while_later_ones_are_awaited(door: Door) -> None:
    async def scenario() -> None:
        has_come = asyncio.Event()

        async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await has_come.wait()
            await reply(b"second")(reader, writer)

        routes = {"/1": reply(b"first"), "/2": wait, "/3": reply(b"third")}
        async with asyncio.timeout(PATIENCE_SECONDS), serve_upstream(routes) as server:
            client = Client()
            query = "&".join(f"url={server.url(path)}" for path in routes)
            asking = asyncio.create_task(client.get(door, f"/get_external_data?{query}"))
            await client.see(b'"first"')
            assert b"third" not in client.body
            has_come.set()
            await asking
        assert json.loads(client.body)["results"] == ["first", "second", "third"]

    asyncio.run(scenario())


@pytest.mark.usefixtures("short_stall")
def test_a_static_file_that_nobody_reads_is_closed(
    door: Door, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    def count_open() -> int:
        opened = [file.path for file in psutil.Process().open_files()]
        return opened.count(str(tmp_path / "large.js"))

    async def scenario() -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            client = Client(takes=3)
            asking = asyncio.create_task(client.get(door, "/static/large.js"))
            await client.has_stopped.wait()
            assert count_open() == 1
            await asking
        assert count_open() == 0

    asyncio.run(scenario())
    check_access_line(caplog, "/static/large.js")


@pytest.mark.usefixtures("short_stall")
@pytest.mark.django_db(transaction=True)
def test_pages_of_the_admin_that_nobody_reads_give_their_seats_back(door: Door) -> None:
    async def scenario() -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            stopped = [Client(takes=1).get(door, "/admin/login/") for _ in range(8)]
            await asyncio.gather(*stopped)
            client = Client()
            await client.get(door, "/admin/login/")
        assert client.status == 200

    asyncio.run(scenario())


def test_a_long_text_is_sent_in_pieces_so_that_a_slow_client_makes_progress() -> None:
    sent: list[Mapping[str, Any]] = []

    async def scenario() -> None:
        async def send(message: Mapping[str, Any]) -> None:
            sent.append(message)

        text = os.urandom(2 * CHUNK_BYTES + 1)
        for more_body in (True, False):
            message = {"type": "http.response.body", "body": text, "more_body": more_body}
            await sending.bound_sending(send)(message)
        assert b"".join(message["body"] for message in sent) == text * 2

    asyncio.run(scenario())
    assert [len(message["body"]) for message in sent] == [CHUNK_BYTES, CHUNK_BYTES, 1] * 2
    assert [message["more_body"] for message in sent] == [True] * 5 + [False]


def test_others_have_a_turn_while_a_long_answer_is_taken_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("processing.web.turns.TURN_SECONDS", 0.0)
    turns = 0

    async def take_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def take(message: Mapping[str, Any]) -> None:
        """A client that reads as fast as we write."""

    async def scenario() -> None:
        other = asyncio.create_task(take_turns())
        body = {"type": "http.response.body", "body": b"x" * 10 * CHUNK_BYTES}
        await sending.bound_sending(take)(body)
        other.cancel()

    asyncio.run(scenario())
    assert turns >= 10
