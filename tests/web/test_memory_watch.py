"""The watch runs while requests come, and not at all while nobody asks."""

from __future__ import annotations

import asyncio
import os
import time
from types import SimpleNamespace
from typing import Any

import pytest

from processing.web import memory_watch
from processing.web.memory_watch import MemoryWatch

Looks = asyncio.Queue[float]


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    """The times of slimming's looks of a watch that ticks often and is soon quiet."""
    looks = Looks()

    async def look(self: Any, now: float) -> None:
        looks.put_nowait(now)

    monkeypatch.setattr(memory_watch, "TICK_SECONDS", 0.01)
    monkeypatch.setattr(memory_watch, "QUIET_SECONDS", 0.05)
    monkeypatch.setattr(memory_watch.Slimming, "step", look)
    monkeypatch.setattr(memory_watch.MemorySamples, "take_if_due", lambda samples: None)
    return looks


def make_worker() -> Any:
    return SimpleNamespace(alive=True, ppid=os.getppid(), nr_conns=1, sockets=[], loop=None)


def test_it_looks_while_a_request_is_served_and_for_a_while_after_it(looks: Looks) -> None:
    async def scenario() -> None:
        watch = MemoryWatch()
        watch.begin(make_worker())
        async with asyncio.timeout(20):
            for _ in range(2):
                with watch.serving():
                    [ticking] = asyncio.all_tasks() - {asyncio.current_task()}
                    for _ in range(10):
                        await looks.get()
                    served_at = time.monotonic()
                await ticking
                last = [looks.get_nowait() for _ in range(looks.qsize())][-1]
                assert served_at < last < time.monotonic()

    asyncio.run(scenario())


def test_nothing_is_watched_where_gunicorn_does_not_serve(looks: Looks) -> None:
    async def scenario() -> None:
        watch = MemoryWatch()
        with watch.serving():
            await watch.check_room()
            assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(scenario())
    assert looks.empty()
