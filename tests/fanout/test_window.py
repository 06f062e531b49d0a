"""Bodies share what one request may hold; the one that is sent next never waits for the others."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from processing.errors import MemoryPressure
from processing.fanout.window import Window
from processing.memory.budget import ByteBudget

BODY_BYTES = 10


def make_window(budget: ByteBudget, own_bytes: int = 2 * BODY_BYTES) -> Window:
    budget.held_bytes += own_bytes
    return Window(budget, own_bytes=own_bytes, body_most_bytes=BODY_BYTES)


async def begin(step: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Run the step as far as it comes."""
    task = asyncio.create_task(step)
    for _ in range(5):
        await asyncio.sleep(0)
    return task


def test_the_first_body_finds_room_whatever_the_others_want() -> None:
    async def scenario() -> None:
        window = make_window(ByteBudget(20))
        await window.take(1, 6)
        await window.take(2, 4)
        greedy = await begin(window.take(3, 1))
        assert not greedy.done()
        await window.take(0, BODY_BYTES)
        assert window.held_bytes == 20
        window.give_back(0)
        await window.take(1, 4)  # it is the first now
        assert not greedy.done()
        window.give_back(1)
        await greedy
        assert window.held_bytes == 5

    asyncio.run(scenario())


def test_bodies_that_were_sent_in_another_order_leave_room_too() -> None:
    async def scenario() -> None:
        window = make_window(ByteBudget(20))
        await window.take(2, BODY_BYTES)
        waiting = await begin(window.take(1, 5))
        assert not waiting.done()
        window.give_back(2)
        await waiting
        window.give_back(1)
        window.give_back(0)
        await window.take(3, BODY_BYTES)
        assert window.held_bytes == BODY_BYTES

    asyncio.run(scenario())


def test_more_is_borrowed_while_it_is_free_and_given_back_with_the_bodies() -> None:
    async def scenario() -> None:
        budget = ByteBudget(100)
        window = make_window(budget)
        for index in range(5):
            await window.take(index, BODY_BYTES)
        assert budget.held_bytes == 50
        for index in range(5):
            window.give_back(index)
        assert budget.held_bytes == 20
        await window.take(5, BODY_BYTES)
        await window.take(6, BODY_BYTES)
        await window.take(7, BODY_BYTES)
        window.close()
        assert budget.held_bytes == 20

    asyncio.run(scenario())


def test_what_is_borrowed_leaves_some_to_those_who_begin() -> None:
    async def scenario() -> None:
        budget = ByteBudget(100, wait_seconds=5)
        window = make_window(budget)
        for index in range(7):
            await window.take(index, BODY_BYTES)
        greedy = await begin(window.take(7, BODY_BYTES))
        assert not greedy.done()
        async with budget.hold(25):
            assert budget.held_bytes == 95
        greedy.cancel()

    asyncio.run(scenario())


def test_nothing_is_borrowed_before_those_who_wait_to_begin() -> None:
    async def scenario() -> None:
        budget = ByteBudget(40, wait_seconds=0.05)
        window = make_window(budget)

        async def begin_another() -> None:
            async with budget.hold(30):
                pytest.fail("held more than there is")

        beginner = await begin(begin_another())
        await window.take(0, BODY_BYTES)
        await window.take(1, BODY_BYTES)
        greedy = await begin(window.take(2, 5))
        assert not greedy.done()
        with pytest.raises(MemoryPressure):
            await beginner
        await greedy

    asyncio.run(scenario())


def test_what_another_request_gives_back_is_noticed() -> None:
    async def scenario() -> None:
        budget = ByteBudget(100)
        other, window = make_window(budget), make_window(budget)
        for index in range(5):
            await other.take(index, BODY_BYTES)
        await window.take(0, BODY_BYTES)
        waiting = [await begin(window.take(index, BODY_BYTES)) for index in (1, 2)]
        assert not any(task.done() for task in waiting[1:])
        other.close()
        await asyncio.gather(*waiting)
        assert window.held_bytes == 30

    asyncio.run(scenario())


def test_a_body_that_begins_again_is_not_counted_twice() -> None:
    async def scenario() -> None:
        window = make_window(ByteBudget(20))
        for _ in range(3):
            await window.take(1, BODY_BYTES)
            window.drop(1)
        assert window.held_bytes == 0

    asyncio.run(scenario())


def test_who_is_cancelled_while_waiting_lets_the_next_have_its_turn() -> None:
    async def scenario() -> None:
        window = make_window(ByteBudget(20))
        await window.take(3, BODY_BYTES)
        first, second = [await begin(window.take(index, 2)) for index in (1, 2)]
        window.give_back(3)  # it is the first one's turn
        first.cancel()
        await second
        assert window.held_bytes == 2

    asyncio.run(scenario())


def test_what_is_reserved_for_a_body_is_there_whatever_the_others_take() -> None:
    async def scenario() -> None:
        window = make_window(ByteBudget(0), own_bytes=3 * BODY_BYTES)
        assert window.reserve(5)
        assert window.held_bytes == BODY_BYTES
        await window.take(1, BODY_BYTES)
        assert not window.try_take(2, 1)
        assert not window.reserve(2)
        assert window.try_take(5, 6)
        assert window.try_take(5, 4)
        assert window.try_take(0, BODY_BYTES)
        assert window.held_bytes == 3 * BODY_BYTES

    asyncio.run(scenario())


def test_what_was_reserved_and_not_needed_is_free_again() -> None:
    async def scenario() -> None:
        budget = ByteBudget(40)
        window = make_window(budget)
        assert window.reserve(3)
        assert window.reserve(4)
        await window.take(3, 2)
        window.drop(3)
        assert window.held_bytes == 2 * BODY_BYTES  # it may begin again
        await window.take(3, 4)
        assert budget.held_bytes == 30
        waiting = await begin(window.take(5, 4))
        assert not waiting.done()
        window.settle(3)
        await waiting
        assert window.held_bytes == 4 + BODY_BYTES + 4
        window.settle(4)
        assert (window.held_bytes, budget.held_bytes) == (8, 20)

    asyncio.run(scenario())


def test_a_first_body_with_room_of_its_own_leaves_the_rest_to_the_others() -> None:
    async def scenario() -> None:
        window = make_window(ByteBudget(0))
        assert window.reserve(1)
        window.give_back(0)
        assert window.try_take(2, BODY_BYTES)
        assert window.try_take(1, BODY_BYTES)

    asyncio.run(scenario())
