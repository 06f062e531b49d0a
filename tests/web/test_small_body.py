"""A body that is kept in memory has a time to be there, however steadily it trickles."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from processing.errors import BodyStalled
from processing.web import body
from processing.web.body import RequestBody

PAUSE_SECONDS = 0.01


async def trickle() -> Mapping[str, Any]:
    await asyncio.sleep(PAUSE_SECONDS)
    return {"type": "http.request", "body": b"x", "more_body": True}


def test_a_body_that_trickles_for_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "SMALL_BODY_SECONDS", 10 * PAUSE_SECONDS)

    async def scenario() -> None:
        trickling = RequestBody(trickle, [(b"content-length", b"1000000")])
        async with asyncio.timeout(5):
            with pytest.raises(BodyStalled, match="not arrived within 0.1 seconds"):
                await trickling.read(1_000_000)

    asyncio.run(scenario())


def test_a_body_that_is_streamed_may_take_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "SMALL_BODY_SECONDS", PAUSE_SECONDS)

    async def scenario() -> None:
        trickling = RequestBody(trickle, [(b"content-length", b"1000000")])
        received = 0
        async for chunk in trickling.chunks():
            received += len(chunk)
            if received == 10:
                break
        assert received == 10

    asyncio.run(scenario())
