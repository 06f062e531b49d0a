from __future__ import annotations

import asyncio
import os

import pytest
from pytest_django import Settings

from processing.fanout import patience
from processing.fanout.client import aclose_client, get_client
from processing.fanout.fetch import fetch_all, fetch_each
from processing.fanout.targets import parse_targets
from processing.fanout.window import Window
from processing.memory.budget import ByteBudget
from tests.fanout.upstream import (
    Handler,
    Upstream,
    fetch_from,
    hang,
    reply,
    serve_upstream,
    wait_until,
)


def reply_after(event: asyncio.Event, body: bytes) -> Handler:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await event.wait()
        await reply(body)(reader, writer)

    return handle


def other_tasks() -> set[asyncio.Task[object]]:
    return asyncio.all_tasks() - {asyncio.current_task()}  # type: ignore[arg-type]


def test_an_answer_has_all_its_facts() -> None:
    [fetched] = fetch_from({"/x": reply("grüße".encode(), Content_Type="text/plain")}, "/x")
    assert (fetched.ok, fetched.status, fetched.error) == (True, 200, None)
    assert (fetched.text, fetched.body_bytes) == ("grüße", 7)
    assert fetched.content_type == "text/plain"
    assert fetched.url.endswith("/x")
    assert 0 < fetched.elapsed_ms < 10_000


@pytest.mark.parametrize(
    ("status", "ok"), [(200, True), (206, True), (304, True), (404, False), (500, False)]
)
def test_an_answer_of_any_status_is_an_answer(status: int, ok: bool) -> None:
    body = b"" if status == 304 else b"text"
    [fetched] = fetch_from({"/": reply(body, status=status)}, "/")
    assert (fetched.ok, fetched.status, fetched.error) == (ok, status, None)
    assert fetched.text == body.decode()


def test_outcomes_come_in_the_order_asked_and_one_failure_spares_the_others() -> None:
    routes = {"/a": reply(b"a"), "/hang": hang, "/b": reply(b"b", status=500), "/c": reply(b"c")}
    outcomes = fetch_from(routes, "/a", "/hang", "/b", "/c", "/a", deadline_seconds=0.5)
    assert [fetched.text for fetched in outcomes] == ["a", None, "b", "c", "a"]
    assert [fetched.error and fetched.error.code for fetched in outcomes] == [
        None, "timeout", None, None, None,
    ]  # fmt: skip


def test_no_targets_are_no_outcomes() -> None:
    assert fetch_from({}) == []


def test_outcomes_are_given_as_they_complete() -> None:
    async def run() -> None:
        gate = asyncio.Event()
        routes = {"/slow": reply_after(gate, b"slow"), "/fast": reply(b"fast")}
        async with serve_upstream(routes) as upstream:
            targets = parse_targets([upstream.url("/slow"), upstream.url("/fast")])
            seen = []
            async with fetch_each(targets) as outcomes:
                async for index, fetched in outcomes:
                    seen.append((index, fetched.text))
                    gate.set()
            assert seen == [(1, "fast"), (0, "slow")]

    asyncio.run(run())


def test_the_deadline_covers_waiting_for_a_slot_that_another_caller_holds(
    settings: Settings,
) -> None:
    settings.FANOUT_CONCURRENCY = 3  # and so 2 to one host

    async def run() -> None:
        async with serve_upstream({"/": hang, "/2": hang}) as upstream, asyncio.timeout(5):
            targets = parse_targets([upstream.url("/"), upstream.url("/2")])
            async with fetch_each(targets, deadline_seconds=60):
                await wait_until(lambda: upstream.open_count == 2)
                outcomes = await fetch_all(targets, deadline_seconds=0.1)
                assert [each.error and each.error.code for each in outcomes] == ["timeout"] * 2
                assert len(upstream.heads) == 2

    asyncio.run(run())


def test_no_more_than_the_concurrency_are_under_way(settings: Settings) -> None:
    settings.FANOUT_CONCURRENCY = 4  # and so 3 to one host

    async def run() -> None:
        gate = asyncio.Event()
        routes = {f"/{number}": reply_after(gate, b"x") for number in range(12)}
        async with serve_upstream(routes) as upstream:
            fetching = asyncio.create_task(fetch_all(parse_targets([*map(upstream.url, routes)])))
            await wait_until(lambda: len(upstream.heads) == 3)
            gate.set()
            outcomes = await fetching
            assert [fetched.text for fetched in outcomes] == ["x"] * 12
            assert upstream.connection_count == 3

    asyncio.run(run())


def test_cancelling_the_caller_leaves_nothing_running(settings: Settings) -> None:
    settings.FANOUT_CONCURRENCY = 7  # and so 5 to one host

    async def run() -> None:
        paths = [f"/{number}" for number in range(20)]
        routes = {**dict.fromkeys(paths, hang), "/ok": reply(b"ok")}
        async with serve_upstream(routes) as upstream, asyncio.timeout(5):
            await get_client()  # a task of its own holds it
            before = other_tasks()
            targets = parse_targets([*map(upstream.url, paths)])
            fetching = asyncio.create_task(fetch_all(targets))
            await wait_until(lambda: upstream.open_count == 5)
            fetching.cancel()
            with pytest.raises(asyncio.CancelledError):
                await fetching
            await _expect_quiet(upstream, before)
            [fetched] = await fetch_all(parse_targets([upstream.url("/ok")]))
            assert fetched.text == "ok"
            client = await get_client()
            assert client.slots.free_count == 7
            assert not client.slots._users

    asyncio.run(run())


def test_leaving_the_block_early_leaves_nothing_running() -> None:
    async def run() -> None:
        routes = {"/": hang, "/ok": reply(b"ok")}
        async with serve_upstream(routes) as upstream, asyncio.timeout(5):
            await get_client()  # a task of its own holds it
            before = other_tasks()
            targets = parse_targets([upstream.url("/"), upstream.url("/ok"), upstream.url("/")])
            async with fetch_each(targets) as outcomes:
                async for index, _ in outcomes:
                    assert index == 1
                    break
            assert [pair async for pair in outcomes] == []
            await _expect_quiet(upstream, before)
            with pytest.raises(KeyError):
                async with fetch_each(targets) as outcomes:
                    raise KeyError("the caller's own")
            await _expect_quiet(upstream, before)

    asyncio.run(run())


async def _expect_quiet(upstream: Upstream, before: set[asyncio.Task[object]]) -> None:
    """Only an idle kept-alive connection may stay, and no task but the upstream's."""
    await wait_until(lambda: upstream.open_count <= 1)
    await wait_until(lambda: len(other_tasks() - before) <= upstream.open_count)


def test_descriptors_return_to_where_they_were() -> None:
    def count_descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))

    async def run() -> None:
        async with serve_upstream({"/": reply(b"x"), "/hang": hang}) as upstream:
            urls = [upstream.url("/")] * 10 + [upstream.url("/hang")] * 10
            before = count_descriptors()
            for _ in range(3):
                await fetch_all(parse_targets(urls), deadline_seconds=0.2)
            await aclose_client()
            await wait_until(lambda: count_descriptors() <= before)

    asyncio.run(run())


def test_memory_that_is_refused_is_not_taken_for_the_upstreams_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def read_body(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("processing.fanout.exchange.read_body", read_body)
    with pytest.raises(MemoryError):
        fetch_from({"/": reply(b"x")}, "/")


def test_who_waits_for_its_reader_is_not_given_up_as_a_slow_upstream(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patience, "URL_SECONDS", 0.5)

    async def run() -> None:
        window = Window(ByteBudget(0), own_bytes=2000, body_most_bytes=1000)
        routes = {f"/{number}": reply(b"x" * 1000) for number in range(4)}
        async with serve_upstream(routes) as upstream:
            targets = parse_targets([*map(upstream.url, routes)])
            async with fetch_each(targets, window=window) as outcomes:
                for count in range(4):
                    index, fetched = await anext(outcomes)
                    assert fetched.ok, (index, fetched.error)
                    if count == 0:
                        await asyncio.sleep(1.0)
                    window.give_back(index)

    asyncio.run(run())


def test_the_deadline_ends_the_wait_for_a_reader_too() -> None:
    async def run() -> None:
        window = Window(ByteBudget(0), own_bytes=2000, body_most_bytes=1000)
        routes = {f"/{number}": reply(b"x" * 1000) for number in range(4)}
        async with serve_upstream(routes) as upstream, asyncio.timeout(5):
            targets = parse_targets([*map(upstream.url, routes)])
            async with fetch_each(targets, window=window, deadline_seconds=0.5) as outcomes:
                got = {index: fetched async for index, fetched in outcomes}
        assert got[0].ok
        failures = [each.error.code for each in got.values() if each.error]
        assert failures == ["timeout", "timeout"]

    asyncio.run(run())
