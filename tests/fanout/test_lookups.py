"""A name that hangs is given up, and keeps neither other names nor the end of a job waiting."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from processing.fanout import jobs, lookups
from processing.fanout.fetch import fetch_all
from processing.fanout.fetched import Fetched
from processing.fanout.targets import parse_targets
from tests.collector import no_collector
from tests.fanout.upstream import reply, serve_upstream, wait_until
from tests.service import wait_for

REAL_GETADDRINFO = socket.getaddrinfo


@pytest.fixture(autouse=True)
def release(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Names that begin with `slow` hang until this is set, or the test is over."""
    released = threading.Event()

    def getaddrinfo(host: str, *arguments: Any, **named: Any) -> list[Any]:
        if host.startswith("slow"):
            assert released.wait(30), "nobody released it"
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return REAL_GETADDRINFO(host, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield released
    released.set()
    wait_for(lambda: not count_threads(), 5, "threads stay")


def count_threads() -> int:
    return sum(thread.name == "lookup" for thread in threading.enumerate())


def name_slow_ones(count: int) -> list[str]:
    return [f"http://slow-{number}.example/" for number in range(count)]


def codes_of(outcomes: list[Fetched]) -> set[str | None]:
    return {fetched.error and fetched.error.code for fetched in outcomes}


def test_names_that_hang_keep_no_other_waiting() -> None:
    async def run() -> None:
        slow = name_slow_ones(lookups.MOST_THREADS - 1)
        async with serve_upstream({"/": reply(b"x")}) as upstream, asyncio.timeout(3):
            hanging = asyncio.create_task(fetch_all(parse_targets(slow)))
            await wait_until(lambda: count_threads() == len(slow))
            url = upstream.url("/").replace("127.0.0.1", "localhost")
            [fetched] = await fetch_all(parse_targets([url]))
            assert fetched.ok
            hanging.cancel()

    asyncio.run(run())


def test_a_name_that_hangs_is_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookups, "LOOKUP_SECONDS", 0.2)
    started_at = time.monotonic()
    outcomes = jobs.fetch_all(name_slow_ones(2))
    assert time.monotonic() - started_at < 3
    assert codes_of(outcomes) == {"timeout"}


def test_a_job_does_not_wait_for_them_past_its_deadline() -> None:
    started_at = time.monotonic()
    outcomes = jobs.fetch_all(name_slow_ones(1), deadline_seconds=0.3)
    assert time.monotonic() - started_at < 3
    assert codes_of(outcomes) == {"timeout"}
    assert count_threads() == 1


def test_more_names_than_threads_wait_and_those_given_up_are_not_looked_up(
    monkeypatch: pytest.MonkeyPatch, release: threading.Event
) -> None:
    monkeypatch.setattr(lookups, "MOST_THREADS", 2)
    asked: list[str] = []
    hanging = socket.getaddrinfo

    def getaddrinfo(host: str, *arguments: Any, **named: Any) -> list[Any]:
        asked.append(host)
        return hanging(host, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    outcomes = jobs.fetch_all(name_slow_ones(6), deadline_seconds=0.3)
    assert codes_of(outcomes) == {"timeout"}
    assert count_threads() == 2
    release.set()
    wait_for(lambda: not count_threads(), 5, "threads stay")
    assert len(asked) == 2
    outcomes = jobs.fetch_all(name_slow_ones(6))
    assert codes_of(outcomes) == {"connect_failed"}
    assert len(asked) == 8


def test_a_forked_child_looks_names_up_with_threads_of_its_own() -> None:
    begun = [lookups._lookups.begin(f"slow-{number}", 80, 0) for number in range(40)]
    wait_for(lambda: count_threads() == lookups.MOST_THREADS, 5, "no threads")
    pid = os.fork()
    if not pid:
        found = lookups._lookups.begin("localhost", 80, 0).result(5)
        os._exit(0 if found else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    for found in begun:
        found.cancel()


def test_without_a_thread_a_name_waits_for_another_or_cannot_be_resolved(
    monkeypatch: pytest.MonkeyPatch, release: threading.Event
) -> None:
    hanging = lookups._lookups.begin("slow", 80, 0)

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    waiting = lookups._lookups.begin("localhost", 80, 0)
    release.set()
    assert waiting.result(5)
    assert isinstance(hanging.exception(5), OSError)
    wait_for(lambda: not count_threads(), 5, "threads stay")
    outcomes = jobs.fetch_all(["http://localhost:1/"])
    assert codes_of(outcomes) == {"connect_failed"}


def test_a_name_that_cannot_be_encoded_cannot_be_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise UnicodeError("label too long")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert codes_of(jobs.fetch_all(["http://a.example/"])) == {"connect_failed"}


def test_a_failed_lookup_is_freed_at_once() -> None:
    with no_collector():
        found = lookups.Lookups().begin("no such name", 80, socket.AF_INET)
        assert isinstance(found.exception(10), OSError)
        is_there = weakref.ref(found)
        del found
        wait_for(lambda: is_there() is None, 5, "it is still there")
