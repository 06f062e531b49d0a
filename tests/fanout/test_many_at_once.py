"""Requests of all kinds at once, some of them cancelled or left: nothing of them stays behind."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from pytest_django import Settings

from processing.errors import MemoryPressure
from processing.fanout import patience
from processing.fanout.client import get_client
from processing.fanout.fetch import fetch_each
from processing.fanout.places import Places, find_places
from processing.fanout.targets import Target, parse_targets
from processing.fanout.window import SURE_BODY_COUNT, Window
from processing.memory.budget import ByteBudget
from processing.web.fetched_text import in_order, together
from tests.fanout.upstream import hang, reply, reset, serve_upstream

BODY_BYTES = 4000
REQUEST_COUNT = 60
TOGETHER_COUNT = 12
KEPT_COUNT = 3
ROUTES = {
    **{f"/small{number}": reply(b"x") for number in range(9)},
    **{f"/large{number}": reply(b"x" * BODY_BYTES) for number in range(9)},
    **{f"/too-large{number}": reply(b"x" * (BODY_BYTES + 1)) for number in range(3)},
    **{f"/busy{number}": reply(status=503, Retry_After="0") for number in range(3)},
    "/hang": hang,
    "/reset": reset,
}


@dataclass(kw_only=True)
class Crowd:
    """Requests by chance, of one seed."""

    bases: list[str]
    budget: ByteBudget
    chance: random.Random
    whole_count: int = 0
    running: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self) -> None:
        """Have REQUEST_COUNT of them, TOGETHER_COUNT at a time, each fourth cancelled."""
        for number in range(REQUEST_COUNT):
            self.running.add(asyncio.create_task(self._ask()))
            if number % 4 == 3:
                self.chance.choice(sorted(self.running, key=id)).cancel()
            while len(self.running) >= TOGETHER_COUNT:
                await self._end_some()
        while self.running:
            await self._end_some()

    async def _end_some(self) -> None:
        done, self.running = await asyncio.wait(
            self.running, return_when=asyncio.FIRST_COMPLETED, timeout=10
        )
        assert done, "they wait for each other"
        for task in done:
            if not task.cancelled():
                task.result()

    async def _ask(self) -> None:
        count = self.chance.randint(1, 9)
        urls = [self.chance.choice(self.bases) + self._pick_path() for _ in range(count)]
        targets = parse_targets([*urls, *self.chance.sample(urls, min(count, 2))])
        places = find_places(targets, most_kept_count=KEPT_COUNT)
        own_bytes = min(len(places.groups), SURE_BODY_COUNT + places.kept_count) * BODY_BYTES
        with suppress(MemoryPressure):
            async with self.budget.hold(own_bytes):
                window = Window(
                    self.budget,
                    own_bytes=own_bytes,
                    body_most_bytes=BODY_BYTES,
                    kept_count=places.kept_count,
                )
                try:
                    await self._fetch(targets, places, window)
                finally:
                    window.close()

    async def _fetch(self, targets: list[Target], places: Places, window: Window) -> None:
        arrange = self.chance.choice([in_order, together])
        leaves_early = self.chance.random() < 0.1
        given = []
        fetching = fetch_each(targets, places=places, window=window, deadline_seconds=1.5)
        async with fetching as outcomes:
            async for ready in arrange(outcomes):
                while ready:
                    index, _ = ready.popleft()
                    given.append(index)
                    await asyncio.sleep(self.chance.choice([0, 0, 0.01]))
                    window.give_back(index)
                if leaves_early:
                    return
        assert sorted(given) == list(range(len(targets)))
        assert window.held_bytes == 0
        self.whole_count += 1

    def _pick_path(self) -> str:
        return self.chance.choice(list(ROUTES))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_slots_and_memory_come_back_from_all(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr(patience, "URL_SECONDS", 0.5)
    settings.FANOUT_MAX_RESPONSE_BYTES = BODY_BYTES
    settings.FANOUT_CONCURRENCY = chance.choice([4, 8, 20])
    budget = ByteBudget(chance.choice([10, 25, 100]) * BODY_BYTES, wait_seconds=0.5)

    async def run() -> None:
        async with (
            serve_upstream(ROUTES) as one,
            serve_upstream(ROUTES, host="127.0.0.2") as other,
        ):
            crowd = Crowd(bases=[one.base, other.base], budget=budget, chance=chance)
            await crowd.run()
            slots = (await get_client()).slots
            assert crowd.whole_count >= REQUEST_COUNT // 4
            assert slots.free_count == slots.count
            assert not slots._users
            assert budget.held_bytes == 0

    asyncio.run(run())
