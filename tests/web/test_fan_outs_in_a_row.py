"""Many fan-outs one after the other, good, failing and left: nothing of them stays behind."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
from collections.abc import Mapping
from typing import Any

import psutil
import pytest
from pytest_django import Settings

from processing.fanout.client import aclose_client
from processing.memory.status import read_held_bytes
from processing.web.budgets import fan_out_budget
from processing.web.door import Door
from tests.fanout.upstream import Upstream, hang, reply, send, serve_upstream, wait_until
from tests.web.in_process import Client

#: So many requests at once, and so often.
TOGETHER_COUNT = 10
ROUND_COUNT = 100
#: The first ones fill caches, pools and the allocator's holes.
WARM_ROUND_COUNT = 20
#: A tenth of a body for each request would be as much.
GROWTH_BYTES = 3_000_000
BODY_BYTES = 30_000


class Leaver(Client):
    """Closes its connection as soon as the answer begins."""

    async def _receive(self) -> Mapping[str, Any]:
        if self._left_to_send:
            return self._left_to_send.pop()
        await self._has_come.wait()
        return {"type": "http.disconnect"}


@pytest.fixture
def door(settings: Settings, caplog: pytest.LogCaptureFixture) -> Door:
    caplog.set_level(logging.WARNING, "processing.access")  # each line would be kept
    settings.EXTERNAL_ALLOWED_HOSTS = ["*"]
    settings.EXTERNAL_ALLOW_PRIVATE = True
    return Door()


def count_tasks() -> int:
    return len(asyncio.all_tasks())


def test_descriptors_tasks_and_memory_end_where_they_began(door: Door) -> None:
    routes = {
        "/good": reply(b"x" * BODY_BYTES),
        "/broken": send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", then_close=True),
        "/silent": hang,
    }
    process = psutil.Process()

    async def ask(base: str, kind: int) -> None:
        good = f"url={base}/good"
        queries = {
            0: f"{good}&{good}&{good}",
            1: f"{good}&url={base}/broken&url=http://127.0.0.1:1/&url=http://169.254.169.254/",
            2: f"url={base}/silent&{good}",
        }
        client = Leaver() if kind == 2 else Client()
        accept = ["application/json", "application/x-ndjson"][kind % 2]
        await client.get(door, f"/get_external_data?{queries[kind]}", accept=accept)
        assert client.status == 200

    async def run(upstream: Upstream, rounds: int) -> None:
        for _ in range(rounds):
            kinds = [number % 3 for number in range(TOGETHER_COUNT)]
            await asyncio.gather(*(ask(upstream.base, kind) for kind in kinds))
            upstream.heads.clear()

    async def scenario() -> None:
        fan_out_budget.cache_clear()
        async with serve_upstream(routes) as upstream:
            tasks, descriptors = count_tasks(), process.num_fds()
            await run(upstream, WARM_ROUND_COUNT)
            gc.collect()
            before_bytes = read_held_bytes(os.getpid())
            await run(upstream, ROUND_COUNT)
            gc.collect()
            assert read_held_bytes(os.getpid()) - before_bytes < GROWTH_BYTES
            assert fan_out_budget().held_bytes == 0
            await aclose_client()
            await wait_until(lambda: process.num_fds() <= descriptors + 2)
            await wait_until(lambda: count_tasks() <= tasks)

    asyncio.run(scenario())
