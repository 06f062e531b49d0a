"""aiohttp alone: one session for all requests, with its defaults."""

from __future__ import annotations

from functools import cache

import aiohttp

from bench.fanout.sites.asgi import make_application
from bench.load_line.sites.fan_out import TIMEOUT_SECONDS


@cache
def get_session() -> aiohttp.ClientSession:
    """Made on the first request's loop, the only one."""
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS))


async def fetch(url: str) -> str | None:
    try:
        async with get_session().get(url) as response:
            return await response.text()
    except (aiohttp.ClientError, TimeoutError):
        return None


application = make_application(fetch)
