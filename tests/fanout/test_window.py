"""Bodies share what one request may hold; the one that is sent next never waits for the others."""

from __future__ import annotations

import asyncio

import pytest

from processing.errors import MemoryPressure
from processing.fanout.window import Window
from processing.memory.budget import ByteBudget
from tests.fanout.steps import begin

BODY_BYTES = 10


def make_window(budget: ByteBudget, own_bytes: int = 2 * BODY_BYTES, kept_count: int = 0) -> Window:
    budget.held_bytes += own_bytes
    return Window(budget, own_bytes=own_bytes, body_most_bytes=BODY_BYTES, kept_count=kept_count)


def test_the_first_body_finds_room_whatever_the_others_want() -> None:
    async def scenario() -> None:
        window = make_window(ByteBudget(20))
        await window.hold(1, 6)
        await window.hold(2, 4)
        greedy = await begin(window.hold(3, 1))
        assert not greedy.done()
        await window.hold(0, BODY_BYTES)
        assert window.held_bytes == 20
        window.give_back(0)
        window.give_back(1)
        await greedy
        assert window.held_bytes == 5

    asyncio.run(scenario())


def test_a_body_that_does_not_come_leaves_room_for_one_other_after_the_other() -> None:
    """As where the first URL hangs and each of the others is sent as soon as it is complete."""

    async def scenario() -> None:
        window = make_window(ByteBudget(20))
        waiting = [await begin(window.hold(index, BODY_BYTES)) for index in range(1, 6)]
        for index, task in enumerate(waiting, start=1):
            await task
            assert window.held_bytes == BODY_BYTES
            window.settle(index, 7)
            window.give_back(index)
        assert window.held_bytes == 0

    asyncio.run(scenario())


def test_a_small_body_does_not_wait_for_a_large_one_that_finds_no_room() -> None:
    async def scenario() -> None:
        window = make_window(ByteBudget(20))
        await window.hold(1, 8)
        large, small = [await begin(window.hold(index, size)) for index, size in ((2, 9), (3, 4))]
        assert not small.done()
        window.settle(1, 6)
        await small
        assert not large.done()
        window.give_back(0)
        window.give_back(1)
        await large
        assert window.held_bytes == 13

    asyncio.run(scenario())


def test_more_is_borrowed_while_it_is_free_and_given_back_with_the_bodies() -> None:
    async def scenario() -> None:
        budget = ByteBudget(100)
        window = make_window(budget)
        for index in range(5):
            await window.hold(index, BODY_BYTES)
        assert budget.held_bytes == 50
        for index in range(5):
            window.give_back(index)
        assert budget.held_bytes == 20
        await window.hold(5, BODY_BYTES)
        await window.hold(6, BODY_BYTES)
        await window.hold(7, BODY_BYTES)
        window.close()
        assert budget.held_bytes == 20

    asyncio.run(scenario())


def test_what_is_borrowed_leaves_some_to_those_who_begin() -> None:
    async def scenario() -> None:
        budget = ByteBudget(100, wait_seconds=5)
        window = make_window(budget)
        for index in range(7):
            await window.hold(index, BODY_BYTES)
        greedy = await begin(window.hold(7, BODY_BYTES))
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
        await window.hold(0, BODY_BYTES)
        await window.hold(1, BODY_BYTES)
        greedy = await begin(window.hold(2, 5))
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
            await other.hold(index, BODY_BYTES)
        await window.hold(0, BODY_BYTES)
        waiting = [await begin(window.hold(index, BODY_BYTES)) for index in (1, 2)]
        assert not any(task.done() for task in waiting[1:])
        other.close()
        await asyncio.gather(*waiting)
        assert window.held_bytes == 30

    asyncio.run(scenario())


def test_a_body_that_begins_again_is_not_counted_twice() -> None:
    async def scenario() -> None:
        window = make_window(ByteBudget(20))
        for _ in range(3):
            await window.hold(1, BODY_BYTES)
            window.drop(1)
        assert window.held_bytes == 0

    asyncio.run(scenario())


def test_who_is_cancelled_while_waiting_is_in_nobodys_way() -> None:
    async def scenario() -> None:
        window = make_window(ByteBudget(20))
        await window.hold(3, BODY_BYTES)
        first, second = [await begin(window.hold(index, 6)) for index in (1, 2)]
        window.give_back(3)  # it is the first one's turn
        first.cancel()
        await asyncio.wait({first})
        window.drop(1)
        await second
        assert window.held_bytes == 6

    asyncio.run(scenario())


def test_who_goes_ahead_has_room_for_all_of_its_body_also_when_it_begins_again() -> None:
    async def scenario() -> None:
        window = make_window(ByteBudget(0), own_bytes=3 * BODY_BYTES)
        assert window.go_ahead(5)
        await window.hold(1, BODY_BYTES)
        assert not window.go_ahead(2)
        await window.hold(5, 6)
        window.drop(5)
        assert window.held_bytes == 2 * BODY_BYTES
        assert not window.try_hold(2, 1)
        await window.hold(5, BODY_BYTES)
        window.settle(5, 4)
        assert window.held_bytes == BODY_BYTES + 4
        assert window.try_hold(2, 6)
        assert window.try_hold(0, BODY_BYTES)

    asyncio.run(scenario())


@pytest.mark.parametrize("length", [BODY_BYTES, 6])
def test_others_leave_room_for_what_is_kept_to_be_sent_again(length: int) -> None:
    async def scenario() -> None:
        window = make_window(ByteBudget(0), own_bytes=3 * BODY_BYTES, kept_count=1)
        window.bequeath(0, 9)
        await window.hold(0, length)
        await window.hold(2, BODY_BYTES)
        assert not window.try_hold(3, BODY_BYTES - length + 1)
        window.give_back(0)
        assert not window.try_hold(3, BODY_BYTES - length + 1)
        assert window.try_hold(1, BODY_BYTES)  # it is the first
        window.give_back(1)
        window.give_back(2)
        for index in range(3, 9):
            assert window.try_hold(index, BODY_BYTES)
            window.give_back(index)
        assert window.held_bytes == length
        window.give_back(9)
        assert window.held_bytes == 0

    asyncio.run(scenario())
