"""An ASGI application that asks all the URLs at once and answers with their texts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

Fetch = Callable[[str], Awaitable[str | None]]
Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


def make_application(fetch: Fetch) -> Application:
    """`fetch` gives the text of a URL, or None."""

    async def application(
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[dict[str, Any]]],
        send: Callable[[dict[str, Any]], Awaitable[None]],
    ) -> None:
        urls = parse_qs(scope["query_string"].decode())["url"]
        results = await asyncio.gather(*map(fetch, urls))
        body = json.dumps({"results": results}).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return application
