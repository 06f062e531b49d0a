"""httpx on its own transport: one client for all requests, with its defaults."""

from __future__ import annotations

from functools import cache

import httpx

from bench.fanout.sites.asgi import make_application
from bench.load_line.sites.fan_out import TIMEOUT_SECONDS


@cache
def get_client() -> httpx.AsyncClient:
    """Made on the first request's loop, the only one."""
    return httpx.AsyncClient(timeout=TIMEOUT_SECONDS)


async def fetch(url: str) -> str | None:
    try:
        return (await get_client().get(url)).text
    except httpx.HTTPError:
        return None


application = make_application(fetch)
