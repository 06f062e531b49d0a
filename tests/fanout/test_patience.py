"""Each URL has its own end, and all of them one timer."""

from __future__ import annotations

import asyncio
import weakref

import pytest

from processing.fanout import patience
from processing.fanout.patience import Patience
from tests.collector import no_collector


def begin(deadline_seconds: float) -> Patience:
    return Patience(asyncio.get_running_loop().time() + deadline_seconds)


async def wait(given: Patience, *, has_slot: bool) -> float:
    """Wait until it is given up; returns after how long, in seconds."""
    clock = asyncio.get_running_loop().time
    began_at = clock()
    try:
        with given.begin() as waiting:
            if has_slot:
                waiting.start()
            await asyncio.sleep(10)
    except TimeoutError:
        return clock() - began_at
    pytest.fail("it was not given up")


def test_a_url_ends_after_its_seconds_and_one_without_a_slot_at_the_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patience, "URL_SECONDS", 0.2)

    async def scenario() -> None:
        given = begin(0.6)
        late = asyncio.create_task(wait(given, has_slot=False))
        for took in await asyncio.gather(*(wait(given, has_slot=True) for _ in range(2))):
            assert took >= 0.19
        assert not late.done()
        assert await late >= 0.59

    asyncio.run(scenario())


def test_the_deadline_is_the_last_end_also_for_what_begins_after_it() -> None:
    async def scenario() -> None:
        given = begin(0.2)
        assert await wait(given, has_slot=True) < 3
        assert await wait(given, has_slot=False) < 3

    asyncio.run(scenario())


def test_who_was_done_in_time_is_let_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "URL_SECONDS", 0.1)

    async def scenario() -> None:
        given = begin(0.3)
        with given.begin() as waiting:
            waiting.start()
            assert 0 < waiting.left_seconds <= 0.1
        await asyncio.sleep(0.4)
        given.close()
        assert not given._ends

    asyncio.run(scenario())


def test_who_is_cancelled_by_another_as_well_is_cancelled() -> None:
    async def scenario() -> None:
        given = begin(0.05)
        waiting = asyncio.create_task(wait(given, has_slot=False))
        await asyncio.sleep(0)
        [limit] = given._ends
        limit.give_up()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(scenario())


def test_who_was_given_up_may_clean_up_as_long_as_it_takes() -> None:
    async def scenario() -> list[str]:
        given, log = begin(0.05), []
        try:
            with given.begin():
                try:
                    await asyncio.sleep(10)
                finally:
                    await asyncio.sleep(0.2)
                    log.append("cleaned up")
        except TimeoutError:
            log.append("given up")
        await asyncio.sleep(0)
        return log

    assert asyncio.run(scenario()) == ["cleaned up", "given up"]


def test_who_was_cancelled_is_freed_at_once() -> None:
    async def scenario() -> None:
        given = begin(10)
        waiting = asyncio.create_task(wait(given, has_slot=True))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait({waiting})
        given.close()
        is_there = weakref.ref(waiting)
        del waiting
        assert is_there() is None

    with no_collector():
        asyncio.run(scenario())
