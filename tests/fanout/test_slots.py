"""Who may use a connection: as many as there are slots, and no upstream all of them."""

from __future__ import annotations

import asyncio

import pytest
from pytest_django import Settings

from processing.fanout.fetch import fetch_each
from processing.fanout.slots import Slots
from processing.fanout.targets import parse_targets
from tests.fanout.upstream import hang, reply, serve_upstream, wait_until


def test_an_upstream_that_never_answers_leaves_room_for_others(settings: Settings) -> None:
    settings.FANOUT_CONCURRENCY = 4

    async def run() -> None:
        async with (
            serve_upstream({f"/{number}": hang for number in range(8)}) as slow,
            serve_upstream({"/": reply(b"fast")}) as fast,
        ):
            urls = [slow.url(f"/{number}") for number in range(8)]
            targets = parse_targets([*urls, fast.url("/")])
            async with fetch_each(targets) as outcomes:
                index, fetched = await anext(outcomes)
                assert (index, fetched.text) == (8, "fast")
                assert slow.open_count == 3

    asyncio.run(run())


def test_who_comes_first_goes_first_and_nothing_is_kept_of_a_host() -> None:
    async def run() -> list[int]:
        slots, order = Slots(1), []

        async def use(number: int) -> None:
            await slots.take("host")
            order.append(number)
            await asyncio.sleep(0)
            slots.give_back("host")

        users = [asyncio.create_task(use(number)) for number in range(5)]
        await asyncio.sleep(0)
        users[2].cancel()
        await asyncio.gather(*users, return_exceptions=True)
        expect_unused(slots)
        return order

    assert asyncio.run(run()) == [0, 1, 3, 4]


def test_who_waits_for_its_host_stands_in_no_others_way() -> None:
    async def run() -> None:
        slots = Slots(4)
        for _ in range(3):
            await slots.take("slow")
        waiting = asyncio.create_task(slots.take("slow"))
        await asyncio.sleep(0)
        assert not slots.are_free("slow")
        assert slots.try_take("other")
        assert not slots.are_free("another")
        slots.give_back("other")
        assert not waiting.done()
        slots.give_back("slow")
        await waiting
        assert not slots.are_free("slow")
        assert slots.are_free("other")

    asyncio.run(run())


@pytest.mark.parametrize("when", ["before it is granted", "after it was granted"])
@pytest.mark.parametrize("host", ["host", "other"])
def test_a_slot_that_is_waited_for_in_vain_goes_to_the_next(host: str, when: str) -> None:
    async def run() -> None:
        slots = Slots(2)  # one of them for each host
        await slots.take("host")
        await slots.take("third")
        first, second = [asyncio.create_task(slots.take(host)) for _ in range(2)]
        await asyncio.sleep(0)
        if when == "after it was granted":
            slots.give_back("host")
        first.cancel()
        await asyncio.wait({first})
        if when == "before it is granted":
            slots.give_back("host")
        await second
        slots.give_back(host)
        slots.give_back("third")
        expect_unused(slots)

    asyncio.run(run())


def expect_unused(slots: Slots) -> None:
    assert slots.free_count == slots.count
    assert not slots._users
    assert not slots._waiting
    assert not slots._waiting_for_share


@pytest.mark.parametrize(("count", "upstream_count"), [(1, 1), (2, 1), (4, 3), (100, 75)])
def test_an_upstream_may_have_three_quarters(count: int, upstream_count: int) -> None:
    assert Slots(count).upstream_count == upstream_count


def test_slots_come_back_from_whoever_is_cancelled(settings: Settings) -> None:
    settings.FANOUT_CONCURRENCY = 2

    async def run() -> None:
        async with serve_upstream({"/hang": hang, "/": reply(b"x")}) as upstream:
            for _ in range(5):
                async with fetch_each(parse_targets([upstream.url("/hang")])):
                    await wait_until(lambda: upstream.open_count >= 1)
            async with fetch_each(parse_targets([upstream.url("/")])) as outcomes:
                _, fetched = await anext(outcomes)
                assert fetched.ok

    asyncio.run(run())
