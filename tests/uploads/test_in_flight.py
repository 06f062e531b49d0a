"""What one upload has under way on a thread: futures that the tests end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from processing.uploads.in_flight import InFlight

Check = Callable[[InFlight, list[asyncio.Future[None]]], Coroutine[Any, Any, None]]


def run(check: Check) -> list[dict[str, Any]]:
    """What asyncio complains of when `check` is done with two futures under way."""
    complaints: list[dict[str, Any]] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        in_flight, futures = InFlight(), [loop.create_future() for _ in range(2)]
        for future in futures:
            await in_flight.make_room()
            in_flight.add(future)
        await check(in_flight, futures)

    asyncio.run(main())
    return complaints


async def is_waiting(work: asyncio.Task[None]) -> bool:
    for _ in range(5):
        await asyncio.sleep(0)
    return not work.done()


def test_a_third_waits_for_the_first() -> None:
    async def check(in_flight: InFlight, futures: list[asyncio.Future[None]]) -> None:
        waiting = asyncio.create_task(in_flight.make_room())
        futures[1].set_result(None)
        assert await is_waiting(waiting)
        futures[0].set_result(None)
        await waiting

    assert run(check) == []


def test_an_error_is_told_once_and_those_behind_it_are_looked_at() -> None:
    async def check(in_flight: InFlight, futures: list[asyncio.Future[None]]) -> None:
        for number, future in enumerate(futures):
            future.set_exception(OSError(number))
        with pytest.raises(OSError, match="0"):
            await in_flight.make_room()
        in_flight.take_back()
        await in_flight.settle()

    assert run(check) == []


def test_who_is_cancelled_while_it_waits_leaves_them_under_way() -> None:
    async def check(in_flight: InFlight, futures: list[asyncio.Future[None]]) -> None:
        waiting = asyncio.create_task(in_flight.settle())
        assert await is_waiting(waiting)
        waiting.cancel()
        await asyncio.wait({waiting})
        assert not any(future.done() for future in futures)
        resting = asyncio.create_task(in_flight.come_to_rest())
        assert await is_waiting(resting)
        futures[0].set_exception(OSError())
        futures[1].set_result(None)
        await resting

    assert run(check) == []


def test_what_is_taken_back_is_cancelled() -> None:
    async def check(in_flight: InFlight, futures: list[asyncio.Future[None]]) -> None:
        in_flight.take_back()
        assert all(future.cancelled() for future in futures)

    assert run(check) == []
