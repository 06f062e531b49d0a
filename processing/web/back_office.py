"""The admin's handler: Django's own, with its threads and bodies bounded."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import IO, Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.db import connections
from django.http.response import HttpResponseBase

from processing.errors import PlimsollError
from processing.memory.budget import ByteBudget
from processing.web.access_log import Send
from processing.web.body import ClientGone, Receive, RequestBody
from processing.web.problems import describe
from processing.web.request import malformed

#: Admin requests at once in one process: each has a thread and a database connection.
MAX_ADMIN_REQUESTS = 4
#: The largest form is a change list with an action on many rows.
ADMIN_MAX_BODY_BYTES = 1024 * 1024
#: What the forms of one process may hold at once, whoever sends them.
ADMIN_BUDGET_BYTES = 2 * MAX_ADMIN_REQUESTS * ADMIN_MAX_BODY_BYTES


class BackOffice(ASGIHandler):
    """Serves /admin/ through settings.MIDDLEWARE."""

    def __init__(self) -> None:
        super().__init__()
        self._seats = asyncio.Semaphore(MAX_ADMIN_REQUESTS)
        self._budget = ByteBudget(ADMIN_BUDGET_BYTES)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Read the body within its bound, wait for a seat, and let Django answer."""
        body = RequestBody(receive, scope["headers"])
        try:
            body.check_length(ADMIN_MAX_BODY_BYTES)
            expected_bytes = ADMIN_MAX_BODY_BYTES if body.length is None else body.length
            async with self._budget.hold(expected_bytes):
                content = await body.read(ADMIN_MAX_BODY_BYTES)
                async with self._seats:
                    await super().__call__(scope, _replay(content, body), send)
        except PlimsollError as error:
            await self.send_response(describe(error), send)
            await body.linger()
        except ClientGone:
            return

    async def handle(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Django's. Its thread is this request's alone, and so is the thread's connection to the
        database, which would stay open until the garbage collector has found it."""
        try:
            await super().handle(scope, receive, send)
        finally:
            await sync_to_async(connections.close_all)()

    async def send_response(self, response: HttpResponseBase, send: Send) -> None:
        """Django's; after a client that stopped reading there is only to clean up."""
        with suppress(ClientGone):
            await super().send_response(response, send)

    def create_request(
        self, scope: Mapping[str, Any], body_file: IO[bytes]
    ) -> tuple[ASGIRequest, None] | tuple[None, HttpResponseBase]:
        """Django's, which answers 500 where a header is malformed."""
        try:
            return super().create_request(scope, body_file)
        except ValueError as error:
            return None, describe(malformed(error))


def _replay(content: bytes, body: RequestBody) -> Receive:
    messages = [{"type": "http.request", "body": content, "more_body": False}]

    async def receive_replayed() -> Mapping[str, Any]:
        if messages:
            return messages.pop()
        await body.wait_for_departure()
        return {"type": "http.disconnect"}

    return receive_replayed
