from __future__ import annotations

import asyncio
import contextlib

import pytest
from pytest_django import Settings

from processing import __version__
from processing.fanout import client
from processing.fanout.client import aclose_client, get_client
from processing.fanout.fetch import fetch_all
from processing.fanout.targets import parse_targets
from tests.fanout.upstream import reply, serve_upstream, wait_until


def test_the_request_says_who_asks_and_wants_gzip_alone() -> None:
    async def run() -> None:
        async with serve_upstream({"/x?y=%20": reply(b"x")}) as upstream:
            await fetch_all(parse_targets([upstream.url("/x?y=%20")]))
            lines = upstream.heads[0].lower().split("\r\n")
            assert lines[0] == "get /x?y=%20 http/1.1"
            assert f"host: {upstream.base.removeprefix('http://')}" in lines
            assert f"user-agent: plimsoll/{__version__}" in lines
            assert "accept-encoding: gzip" in lines
            assert not [line for line in lines if line.startswith(("cookie", "authorization"))]

    asyncio.run(run())


def test_cookies_are_not_kept() -> None:
    async def run() -> None:
        async with serve_upstream({"/": reply(b"x", Set_Cookie="session=1; Path=/")}) as upstream:
            by_name = upstream.url("/").replace(
                "127.0.0.1", "localhost"
            )  # aiohttp keeps none of IPs
            for _ in range(2):
                assert [each.ok for each in await fetch_all(parse_targets([by_name]))] == [True]
            assert "cookie" not in upstream.heads[1].lower()
            assert not list((await get_client()).session.cookie_jar)

    asyncio.run(run())


def test_the_environment_cannot_send_requests_to_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    async def run() -> None:
        async with serve_upstream({"/": reply(b"direct")}) as upstream:
            [fetched] = await fetch_all(parse_targets([upstream.url("/")]))
            assert fetched.text == "direct"

    asyncio.run(run())


def test_connections_are_used_again() -> None:
    async def run() -> None:
        async with serve_upstream({"/": reply(b"x")}) as upstream:
            for _ in range(20):
                [fetched] = await fetch_all(parse_targets([upstream.url("/")]))
                assert fetched.ok
            assert len(upstream.heads) == 20
            assert upstream.connection_count == 1

    asyncio.run(run())


def test_idle_connections_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "IDLE_CONNECTION_COUNT", 2)

    async def run() -> None:
        async with contextlib.AsyncExitStack() as stack:
            upstreams = [
                await stack.enter_async_context(serve_upstream({"/": reply(b"x")}))
                for _ in range(5)
            ]
            outcomes = await fetch_all(parse_targets([each.url("/") for each in upstreams]))
            assert all(fetched.ok for fetched in outcomes)
            await wait_until(lambda: sum(each.open_count for each in upstreams) == 2)

    asyncio.run(run())


def test_a_loop_has_one_client_and_closes_it() -> None:
    async def run() -> client.Client:
        clients = await asyncio.gather(*(get_client() for _ in range(5)))
        assert len({id(each) for each in clients}) == 1
        return clients[0]

    first, second = asyncio.run(run()), asyncio.run(run())
    assert first is not second
    assert first.session.closed
    assert second.session.closed
    assert not client._clients


def test_a_closed_client_is_replaced() -> None:
    async def run() -> None:
        await aclose_client()
        first = await get_client()
        await aclose_client()
        assert first.session.closed
        assert await get_client() is not first

    asyncio.run(run())


def test_the_pool_is_wider_than_there_are_slots(settings: Settings) -> None:
    settings.FANOUT_CONCURRENCY = 7

    async def run() -> None:
        made = await get_client()
        connector = made.session.connector
        assert (made.slots.count, made.slots.upstream_count) == (7, 5)
        assert connector is not None
        assert connector.limit > 7

    asyncio.run(run())


def test_no_connection_reads_more_at_once_than_its_buffer_takes() -> None:
    async def run() -> None:
        async with serve_upstream({"/": reply(b"x")}) as upstream:
            await fetch_all(parse_targets([upstream.url("/")]))
            connector = (await get_client()).session.connector
            assert connector is not None
            [[(protocol, _)]] = connector._conns.values()
            assert protocol.transport.max_size == client.READ_BUFFER_BYTES  # type: ignore[union-attr]

    asyncio.run(run())
