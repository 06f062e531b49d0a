"""Answers as large as may be, where nothing can be borrowed: none waits for ever."""

from __future__ import annotations

import asyncio
import gzip

import pytest
from pytest_django import Settings

from processing.fanout.fetch import fetch_each
from processing.fanout.places import find_places
from processing.fanout.targets import parse_targets
from processing.fanout.window import SURE_BODY_COUNT, Window
from processing.memory.budget import ByteBudget
from processing.web.fetched_text import in_order, together
from tests.fanout.upstream import Handler, Upstream, hang, reply, send, serve_upstream

BODY_BYTES = 60_000
TEXT = "x" * BODY_BYTES
CHUNKED = (
    f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{BODY_BYTES:x}\r\n{TEXT}\r\n0\r\n\r\n"
)
KINDS: dict[str, Handler] = {
    "with a length": reply(TEXT.encode()),
    "chunked": send(CHUNKED.encode()),
    "compressed": reply(gzip.compress(TEXT.encode()), Content_Encoding="gzip"),
}


async def fetch(upstream: Upstream, paths: list[str], count: int, *, is_ordered: bool) -> list[int]:
    """The places of the first `count` outcomes, which are whole, as they come."""
    targets = parse_targets([*map(upstream.url, paths)])
    places = find_places(targets)
    window = Window(
        ByteBudget(0),
        own_bytes=(SURE_BODY_COUNT + places.kept_count) * BODY_BYTES,
        body_most_bytes=BODY_BYTES,
        kept_count=places.kept_count,
    )
    given: list[int] = []
    fetching = fetch_each(targets, places=places, window=window)
    async with asyncio.timeout(8), fetching as outcomes:
        async for ready in (in_order if is_ordered else together)(outcomes):
            while ready:
                index, outcome = ready.popleft()
                assert outcome.text == TEXT, (index, outcome.error)
                given.append(index)
                window.give_back(index)
            if len(given) >= count:
                break
    return given


@pytest.fixture(autouse=True)
def small_bodies(settings: Settings) -> None:
    settings.FANOUT_MAX_RESPONSE_BYTES = BODY_BYTES


@pytest.mark.parametrize("kind", KINDS)
def test_one_that_hangs_keeps_no_other_from_being_sent(kind: str) -> None:
    good = [f"/{number}" for number in range(12)]

    async def run() -> None:
        async with serve_upstream({"/hang": hang, **dict.fromkeys(good, KINDS[kind])}) as upstream:
            given = await fetch(upstream, ["/hang", *good], len(good), is_ordered=False)
            assert sorted(given) == list(range(1, 13))

    asyncio.run(run())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("repeated", ["a", "ab", "abc"])
@pytest.mark.parametrize("is_ordered", [True, False], ids=["in order", "together"])
def test_those_that_are_sent_again_keep_no_other_waiting(
    kind: str, repeated: str, is_ordered: bool
) -> None:
    paths = [f"/{letter}" for letter in ("abcdefghijkl" + repeated)]

    async def run() -> None:
        async with serve_upstream(dict.fromkeys(paths, KINDS[kind])) as upstream:
            given = await fetch(upstream, paths, len(paths), is_ordered=is_ordered)
            assert sorted(given) == list(range(len(paths)))
            assert not is_ordered or given == sorted(given)
            assert len(upstream.heads) == 12

    asyncio.run(run())
