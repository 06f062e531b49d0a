"""The door without a server: a test decides how much of an answer is taken."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from processing.web.door import Door


class Client:
    """Sends one request, and stops reading after `takes` messages of the answer until `goes_on`."""

    def __init__(self, *, takes: float = float("inf")) -> None:
        self.takes = takes
        self.has_stopped = asyncio.Event()
        self.goes_on = asyncio.Event()
        self.messages: list[Mapping[str, Any]] = []
        self._has_come = asyncio.Event()
        self._left_to_send = [{"type": "http.request", "body": b"", "more_body": False}]

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        pairs = self.messages[0]["headers"]
        return {name.decode().lower(): value.decode("latin-1") for name, value in pairs}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages)

    async def get(self, door: Door, target: str, **headers: str) -> None:
        """Return when the door is done with the request."""
        path, _, query = target.partition("?")
        fields = {"host": "testserver", **headers}
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in fields.items()],
            "client": ("127.0.0.1", 1),
            "server": ("testserver", 80),
        }
        await door(scope, self._receive, self._send)

    async def see(self, text: bytes, count: int = 1) -> None:
        """Return when the body has had that text so many times."""
        while self.body.count(text) < count:
            self._has_come.clear()
            await self._has_come.wait()

    async def _send(self, message: Mapping[str, Any]) -> None:
        if len(self.messages) >= self.takes:
            self.has_stopped.set()
            await self.goes_on.wait()
        self.messages.append(message)
        self._has_come.set()

    async def _receive(self) -> Mapping[str, Any]:
        if not self._left_to_send:
            await asyncio.Event().wait()  # it never leaves
        return self._left_to_send.pop()
