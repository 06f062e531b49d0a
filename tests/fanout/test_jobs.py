"""Fetching in a processor: by URLs, in a loop of its own or in one that runs."""

from __future__ import annotations

import asyncio
import threading

import pytest
from pytest_django import Settings

from processing.errors import InvalidURL, TooManyURLs
from processing.fanout.jobs import afetch_all, fetch_all
from tests.service import Service


def test_urls_are_fetched_from_a_function_without_a_loop(service: Service) -> None:
    before = set(threading.enumerate())
    base = f"http://127.0.0.1:{service.env['PORT']}"
    for _ in range(2):  # each call has a loop of its own
        outcomes = fetch_all([f"{base}/healthz", f"{base}/no-such-path"])
        assert [(each.status, each.ok) for each in outcomes] == [(200, True), (404, False)]
    assert set(threading.enumerate()) == before, "a thread that stays would end the seat"


def test_in_a_running_loop_it_is_awaited(service: Service) -> None:
    async def run() -> None:
        with pytest.raises(RuntimeError, match="await afetch_all"):
            fetch_all(["http://127.0.0.1:1/"])
        [fetched] = await afetch_all([f"http://127.0.0.1:{service.env['PORT']}/healthz"])
        assert fetched.text == "ok"

    asyncio.run(run())


def test_the_rules_are_those_of_the_web(settings: Settings) -> None:
    settings.FANOUT_MAX_URLS = 2
    settings.EXTERNAL_ALLOWED_HOSTS = ["example.com"]
    with pytest.raises(InvalidURL):
        fetch_all(["ftp://example.com/"])
    with pytest.raises(TooManyURLs):
        fetch_all(["http://example.com/"] * 3)
    [fetched] = fetch_all(["http://127.0.0.1:1/"])
    assert fetched.error is not None
    assert fetched.error.code == "host_not_allowed"
