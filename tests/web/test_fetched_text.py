"""What has completed goes out together, and a large text in pieces."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from processing.fanout.bodies import Body
from processing.fanout.fetched import Fetched
from processing.fanout.outcomes import Outcomes
from processing.uploads.disk import CHUNK_BYTES
from processing.web.fetched_text import (
    PIECE_BYTES,
    Ready,
    gather,
    in_order,
    together,
    write_text,
)


def make_fetched(url: str, text: str | None = "") -> Fetched:
    body = None
    if text is not None:
        body, data = Body(), text.encode()
        for start in range(0, len(data), CHUNK_BYTES):
            body.add(data[start : start + CHUNK_BYTES])
    return Fetched(
        url=url,
        ok=body is not None,
        status=None,
        content_type=None,
        body=body,
        elapsed_ms=0,
        error=None,
    )


class Upcoming:
    """Outcomes that complete when the test says so."""

    def __init__(self, count: int) -> None:
        self.outcomes = Outcomes()
        self._completions = [asyncio.Event() for _ in range(count)]
        for index in range(count):
            task = asyncio.create_task(self._wait(index))
            self.outcomes.add(task, [(index, f"url {index}")])

    async def complete(self, *indexes: int) -> None:
        """In that order."""
        for index in indexes:
            self._completions[index].set()
            for _ in range(3):
                await asyncio.sleep(0)

    async def _wait(self, index: int) -> Fetched:
        await self._completions[index].wait()
        return make_fetched(f"url {index}")


async def take(batches: AsyncIterator[Ready]) -> list[int]:
    """The indexes of the next batch."""
    ready = await anext(batches)
    taken = [index for index, _ in ready]
    ready.clear()
    return taken


def test_all_that_have_completed_come_together() -> None:
    async def run() -> None:
        upcoming = Upcoming(4)
        batches = together(upcoming.outcomes)
        await upcoming.complete(2, 0)
        assert await take(batches) == [2, 0]
        waiting = asyncio.create_task(take(batches))
        await upcoming.complete(3)
        assert await waiting == [3]
        await upcoming.complete(1)
        assert await take(batches) == [1]
        with pytest.raises(StopAsyncIteration):
            await anext(batches)

    asyncio.run(run())


def test_in_order_none_comes_before_those_before_it() -> None:
    async def run() -> None:
        upcoming = Upcoming(5)
        batches = in_order(upcoming.outcomes)
        waiting = asyncio.create_task(take(batches))
        await upcoming.complete(3, 1)
        assert not waiting.done()
        await upcoming.complete(0)
        assert await waiting == [0, 1]
        await upcoming.complete(4, 2)
        assert await take(batches) == [2, 3, 4]
        with pytest.raises(StopAsyncIteration):
            await anext(batches)

    asyncio.run(run())


def test_outcomes_that_were_closed_give_nothing_and_leave_no_task() -> None:
    async def run() -> None:
        upcoming = Upcoming(3)
        await upcoming.complete(1)
        await upcoming.outcomes.aclose()
        with pytest.raises(StopAsyncIteration):
            await anext(upcoming.outcomes)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(run())


@pytest.mark.parametrize("text", [None, "", 'a "quoted" ü', "x" * 3 * PIECE_BYTES])
def test_a_text_is_a_json_string_or_null_in_pieces_of_one_size(text: str | None) -> None:
    pieces = list(gather(write_text(make_fetched("url", text), after=b"[")))
    assert json.loads(b"".join(pieces) + b"]") == [text]
    assert all(len(piece) <= CHUNK_BYTES for piece in pieces)
    assert all(len(piece) >= PIECE_BYTES for piece in pieces[:-1])


def test_small_texts_go_out_as_one_piece() -> None:
    assert list(gather(b"%d" % number for number in range(5))) == [b"01234"]
    assert list(gather([])) == []
