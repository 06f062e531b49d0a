"""What requests leave behind when they are over: no work for the garbage collector."""

from __future__ import annotations

import asyncio
import gc
import logging

import pytest

from processing.web.door import Door
from tests.web.in_process import Client

REFUSED_COUNT = 50


def count_garbage(door: Door, target: str, status: int) -> int:
    """Objects in cycles that many requests for it leave."""

    async def ask() -> None:
        client = Client()
        await client.get(door, target)
        assert client.status == status

    async def ask_often() -> int:
        await ask()
        await asyncio.sleep(0)
        gc.collect()
        for _ in range(REFUSED_COUNT):
            await ask()
        await asyncio.sleep(0)
        return gc.collect()

    gc.disable()
    try:
        return asyncio.run(ask_often())
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("target", "status"),
    [("/get_external_data?url=ftp://a", 400), ("/nothing", 404), ("/process_data", 405)],
)
def test_what_a_view_refuses_is_freed_at_once(
    caplog: pytest.LogCaptureFixture, target: str, status: int
) -> None:
    caplog.set_level(logging.WARNING, "processing.access")  # each line would be kept
    assert count_garbage(Door(), target, status) < REFUSED_COUNT
