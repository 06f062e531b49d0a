"""As a program: fetches whose bodies nobody reads, and what they add to this process.

Its arguments are a certificate to trust and the URLs. It prints how many bytes it holds more than
after the first URL alone, when the others wait for room.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import sys

import django

from processing.fanout import client
from processing.fanout.fetch import fetch_all, fetch_each
from processing.fanout.targets import parse_targets
from processing.fanout.window import Window
from processing.memory.budget import ByteBudget
from processing.memory.status import read_held_bytes
from tests.fanout.upstream import wait_until
from tests.web.megabyte import MIB

OWN_COUNT = 2
#: In which what has come is still read, in seconds.
SETTLE_SECONDS = 0.5


async def measure(urls: list[str]) -> int:
    [first] = await fetch_all(parse_targets(urls[:1]))
    assert first.ok, first.error
    idle_bytes = read_held_bytes(os.getpid())
    window = Window(ByteBudget(0), own_bytes=OWN_COUNT * MIB, body_most_bytes=MIB)
    async with fetch_each(parse_targets(urls[1:]), window=window):
        waiting_count = len(urls) - 1 - OWN_COUNT
        await wait_until(lambda: len(window._waiting) >= waiting_count, seconds=15)
        await asyncio.sleep(SETTLE_SECONDS)
        return read_held_bytes(os.getpid()) - idle_bytes


if __name__ == "__main__":
    django.setup()
    certificate, *given = sys.argv[1:]
    trusted = ssl.create_default_context(cafile=certificate)
    client._load_tls_context = lambda: trusted  # type: ignore[assignment]
    print(asyncio.run(measure(given)))
