"""A budget gives out what it has, in turn, and gets everything back."""

from __future__ import annotations

import asyncio

import pytest

from processing.errors import MemoryPressure
from processing.memory.budget import ByteBudget

#: Long enough for a loaded machine; no test waits for it in vain.
PATIENCE_SECONDS = 10.0


def make_budget(wait_seconds: float = PATIENCE_SECONDS) -> ByteBudget:
    return ByteBudget(10, wait_seconds=wait_seconds)


async def take(budget: ByteBudget, amount: int, order: list[int], number: int) -> None:
    async with budget.hold(amount):
        order.append(number)


async def let_others_run() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_what_fits_is_held_at_once_and_given_back() -> None:
    async def scenario() -> None:
        budget = make_budget()
        async with budget.hold(4), budget.hold(6):
            assert budget.held_bytes == 10
        assert budget.held_bytes == 0

    asyncio.run(scenario())


def test_more_than_the_whole_budget_is_refused_without_waiting() -> None:
    async def scenario() -> None:
        budget = make_budget()
        with pytest.raises(MemoryPressure, match="11 bytes.*budget is 10"):
            async with asyncio.timeout(1), budget.hold(11):
                pytest.fail("held more than there is")

    asyncio.run(scenario())


def test_who_waits_too_long_is_refused_and_leaves_the_line() -> None:
    async def scenario() -> None:
        budget = make_budget(wait_seconds=0.05)
        async with budget.hold(8):
            with pytest.raises(MemoryPressure):
                async with budget.hold(3):
                    pytest.fail("held more than there is")
            async with budget.hold(2):
                assert budget.held_bytes == 10
        assert budget.held_bytes == 0

    asyncio.run(scenario())


def test_the_line_is_served_in_the_order_asked_even_where_a_later_one_would_fit() -> None:
    async def scenario() -> None:
        budget, order = make_budget(), list[int]()
        async with budget.hold(8):
            large = asyncio.create_task(take(budget, 9, order, 1))
            await let_others_run()
            small = asyncio.create_task(take(budget, 1, order, 2))
            await let_others_run()
            assert order == []
        await asyncio.gather(large, small)
        assert order == [1, 2]
        assert budget.held_bytes == 0

    asyncio.run(scenario())


def test_who_needs_nothing_does_not_wait() -> None:
    async def scenario() -> None:
        budget, order = make_budget(), list[int]()
        async with budget.hold(10):
            waiting = asyncio.create_task(take(budget, 1, order, 1))
            await let_others_run()
            await take(budget, 0, order, 2)
            assert order == [2]
        await waiting

    asyncio.run(scenario())


def test_what_was_held_comes_back_after_an_error() -> None:
    async def scenario() -> None:
        budget = make_budget()
        with pytest.raises(ZeroDivisionError):
            async with budget.hold(10):
                raise ZeroDivisionError
        assert budget.held_bytes == 0

    asyncio.run(scenario())


def test_who_is_cancelled_in_the_line_holds_nothing_and_blocks_nobody() -> None:
    async def scenario() -> None:
        budget, order = make_budget(), list[int]()
        async with budget.hold(8):
            large = asyncio.create_task(take(budget, 9, order, 1))
            await let_others_run()
            small = asyncio.create_task(take(budget, 2, order, 2))
            await let_others_run()
            large.cancel()
            await asyncio.wait({large, small}, timeout=PATIENCE_SECONDS)
            assert order == [2]
        assert budget.held_bytes == 0

    asyncio.run(scenario())


def test_who_is_cancelled_just_when_its_turn_comes_gives_it_back() -> None:
    async def scenario() -> None:
        budget, order = make_budget(), list[int]()
        async with budget.hold(10):
            waiting = asyncio.create_task(take(budget, 10, order, 1))
            await let_others_run()
        waiting.cancel()  # its turn was set in the block's end, and it has not run since
        await asyncio.wait({waiting})
        assert (order, budget.held_bytes) == ([], 0)

    asyncio.run(scenario())
