"""A URL takes its slot after those before it, or holds room for all of its body."""

from __future__ import annotations

import asyncio

import pytest
from pytest_django import Settings

from processing.fanout.fetch import fetch_each
from processing.fanout.fetched import Fetched
from processing.fanout.slots import Slots
from processing.fanout.starts import LOOK_SECONDS, Starts
from processing.fanout.targets import parse_targets
from processing.fanout.window import Window, make_boundless
from processing.memory.budget import ByteBudget
from processing.web.fetched_text import in_order
from tests.fanout.steps import begin
from tests.fanout.upstream import hang, reply, serve_upstream, wait_until

BODY_BYTES = 10


def make_window(own_bytes: int) -> Window:
    return Window(ByteBudget(0), own_bytes=own_bytes, body_most_bytes=BODY_BYTES)


def test_each_takes_its_slot_after_the_one_before_it() -> None:
    async def run() -> None:
        slots = Slots(1)
        starts = Starts(slots, make_boundless(), range(3))
        await slots.take("another")
        tasks = [await begin(starts.take(place, "host")) for place in range(3)]
        slots.give_back("another")
        for place, task in enumerate(tasks):
            await task
            assert [each.done() for each in tasks] == [True] * (place + 1) + [False] * (2 - place)
            starts.give_back(place, "host", has_failed=False)

    asyncio.run(run())


def test_others_go_ahead_with_room_for_their_whole_body_while_the_first_waits() -> None:
    async def run() -> None:
        slots, window = Slots(4), make_window(own_bytes=3 * BODY_BYTES)
        for _ in range(3):
            await slots.take("slow")
        starts = Starts(slots, window, range(5))
        first = await begin(starts.take(0, "slow"))
        others = [await begin(starts.take(place, "fast")) for place in (1, 2, 3)]
        last = await begin(starts.take(4, "slow"))
        await asyncio.wait_for(others[0], 5)
        assert window.held_bytes == BODY_BYTES
        assert not others[1].done()  # there is no slot
        starts.give_back(1, "fast", has_failed=True)
        assert window.held_bytes == 0
        await asyncio.wait_for(others[1], 5)
        starts.give_back(2, "fast", has_failed=False)
        await window.hold(1, BODY_BYTES)
        window.settle(2, BODY_BYTES)
        await asyncio.sleep(2 * LOOK_SECONDS)
        assert not others[2].done()  # there is no room
        slots.give_back("slow")
        await asyncio.gather(first, others[2])
        assert window.held_bytes == 2 * BODY_BYTES  # nothing is reserved in turn
        assert not last.done()
        slots.give_back("slow")
        starts.give_back(3, "fast", has_failed=False)
        await last

    asyncio.run(run())


@pytest.mark.parametrize("place", [0, 1, 2])
def test_who_gives_up_keeps_nobody_waiting(place: int) -> None:
    async def run() -> None:
        slots = Slots(4)
        for _ in range(3):
            await slots.take("slow")
        window = make_window(own_bytes=2 * BODY_BYTES)
        starts = Starts(slots, window, range(3))
        tasks = [await begin(starts.take(place, "slow")) for place in range(3)]
        tasks.pop(place).cancel()
        for task in tasks:
            slots.give_back("slow")
            await task
            slots.give_back("slow")
        slots.give_back("slow")
        assert slots.free_count == 4
        assert window.held_bytes == 0

    asyncio.run(run())


def test_who_is_cancelled_as_it_goes_ahead_leaves_slot_and_room() -> None:
    async def run() -> None:
        slots, window = Slots(4), make_window(own_bytes=2 * BODY_BYTES)
        for _ in range(3):
            await slots.take("slow")
        starts = Starts(slots, window, range(2))
        first = await begin(starts.take(0, "slow"))
        ahead = await begin(starts.take(1, "fast"))
        while slots.free_count:
            assert not ahead.done()
            await asyncio.sleep(0)
        ahead.cancel()  # its turn was told, it has not run since
        await asyncio.wait({ahead})
        assert ahead.cancelled()
        assert slots.free_count == 1
        assert window.held_bytes == 0
        first.cancel()

    asyncio.run(run())


def test_requests_with_large_bodies_and_a_slow_host_wait_for_each_other_never(
    settings: Settings,
) -> None:
    """All slots but one host's share; the first of each request is for the slow host."""
    settings.FANOUT_CONCURRENCY = 8

    async def run() -> None:
        body = b"x" * 1000
        slow_routes = {f"/{number}": hang for number in range(6)}
        routes = {f"/{number}": reply(body) for number in range(39)}
        async with (
            serve_upstream(slow_routes | {"/": reply(body)}) as slow,
            serve_upstream(routes) as one,
            serve_upstream(routes, host="127.0.0.2") as other,
        ):
            hung = asyncio.create_task(fetch_until_cancelled([*map(slow.url, slow_routes)]))
            await wait_until(lambda: slow.open_count == 6)
            ones = [one.url(path).replace("127.0.0.1", "localhost") for path in routes]
            others = [*map(other.url, routes)]
            async with asyncio.timeout(8):
                answering = [
                    asyncio.create_task(fetch_in_order([slow.url("/"), *urls]))
                    for urls in (ones, others, ones, others)
                ]
                await wait_until(lambda: bool(one.heads and other.heads))
                hung.cancel()
                for outcomes in await asyncio.gather(*answering):
                    assert [each.error for each in outcomes] == [None] * 40

    asyncio.run(run())


async def fetch_until_cancelled(urls: list[str]) -> None:
    async with fetch_each(parse_targets(urls)) as outcomes:
        async for _ in outcomes:
            pass


async def fetch_in_order(urls: list[str]) -> list[Fetched]:
    """As the endpoint does, with room for two bodies."""
    window = Window(ByteBudget(0), own_bytes=2000, body_most_bytes=1000)
    answers = []
    async with fetch_each(parse_targets(urls), window=window) as outcomes:
        async for ready in in_order(outcomes):
            while ready:
                index, outcome = ready.popleft()
                answers.append(outcome)
                await asyncio.sleep(0)
                window.give_back(index)
    return answers
