"""The door: every request comes in here and is sent on by its path."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from processing.web.access_log import AccessLine, Send
from processing.web.api import ApiHandler
from processing.web.back_office import BackOffice
from processing.web.body import Receive
from processing.web.static import StaticFiles


class Door:
    """The ASGI application: static files, the admin, and the API for all the rest."""

    def __init__(self) -> None:
        self._static = StaticFiles()
        self._back_office = BackOffice()
        self._api = ApiHandler()

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve one HTTP request and log it."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close"})  # before it is accepted: the client gets 403
            return
        if scope["type"] != "http":
            raise ValueError(f"This application speaks HTTP, not {scope['type']}.")
        line = AccessLine(scope)
        scope = {**scope, "access_line": line}
        try:
            await self._serve(scope, receive, line.watch(send))
        finally:
            line.write()

    async def _serve(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path.startswith(settings.STATIC_URL):
            await self._static(scope, receive, send)
        elif path == "/admin" or path.startswith("/admin/"):
            await self._back_office(scope, receive, send)
        else:
            await self._api(scope, receive, send)
