"""The admin's handler: Django's own, with its threads and bodies bounded."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from django.core.handlers.asgi import ASGIHandler

from processing.errors import PlimsollError
from processing.web.access_log import Send
from processing.web.body import ClientGone, Receive, RequestBody
from processing.web.problems import describe

#: Admin requests at once in one process: each has a thread and a database connection.
MAX_ADMIN_REQUESTS = 4
#: The largest form is a change list with an action on many rows.
ADMIN_MAX_BODY_BYTES = 1024 * 1024


class BackOffice(ASGIHandler):
    """Serves /admin/ through settings.MIDDLEWARE."""

    def __init__(self) -> None:
        super().__init__()
        self._seats = asyncio.Semaphore(MAX_ADMIN_REQUESTS)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Read the body within its bound, wait for a seat, and let Django answer."""
        body = RequestBody(receive, scope["headers"])
        try:
            content = await body.read(ADMIN_MAX_BODY_BYTES)
        except PlimsollError as error:
            await self.send_response(describe(error), send)
            await body.linger()
            return
        except ClientGone:
            return
        async with self._seats:
            await super().__call__(scope, _replay(content, receive), send)


def _replay(content: bytes, receive: Receive) -> Receive:
    messages = [{"type": "http.request", "body": content, "more_body": False}]

    async def receive_replayed() -> Mapping[str, Any]:
        return messages.pop() if messages else await receive()

    return receive_replayed
