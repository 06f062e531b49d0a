"""A URL that is asked for more than once is fetched once and answered at each place."""

from __future__ import annotations

import asyncio

from processing.fanout.fetch import fetch_all, fetch_each
from processing.fanout.targets import parse_targets
from processing.fanout.window import Window
from processing.memory.budget import ByteBudget
from tests.fanout.upstream import reply, serve_upstream


def test_each_place_has_the_answer_under_the_url_as_it_was_asked() -> None:
    async def run() -> None:
        async with serve_upstream({"/a": reply(b"a"), "/b": reply(b"b")}) as upstream:
            loud = upstream.url("/a").replace("http", "HTTP")
            urls = [upstream.url("/a"), upstream.url("/b"), loud, f"{upstream.url('/a')}#part"]
            outcomes = await fetch_all(parse_targets(urls))
            assert [each.text for each in outcomes] == ["a", "b", "a", "a"]
            assert [each.url for each in outcomes] == urls
            assert len(upstream.heads) == 2

    asyncio.run(run())


def test_a_failure_is_told_at_each_place() -> None:
    outcomes = asyncio.run(fetch_all(parse_targets(["http://no-such-name.invalid/"] * 3)))
    assert [each.error and each.error.code for each in outcomes] == ["connect_failed"] * 3


def test_a_body_is_held_until_it_was_sent_for_the_last_time() -> None:
    async def run() -> None:
        window = Window(ByteBudget(1000), own_bytes=200, body_most_bytes=100)
        async with serve_upstream({"/a": reply(b"a" * 50), "/b": reply(b"b" * 10)}) as upstream:
            urls = [upstream.url(path) for path in ("/a", "/b", "/a")]
            async with fetch_each(parse_targets(urls), window=window) as outcomes:
                got = {index: fetched.text async for index, fetched in outcomes}
                assert got == {0: "a" * 50, 1: "b" * 10, 2: "a" * 50}
                held = [window.held_bytes]
                for index in range(3):
                    window.give_back(index)
                    held.append(window.held_bytes)
        assert held == [60, 60, 50, 0]

    asyncio.run(run())
