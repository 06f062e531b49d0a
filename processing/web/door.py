"""The door: every request comes in here, is counted, and is sent on by its path."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from processing.errors import MemoryPressure
from processing.web.access_log import AccessLine, Send
from processing.web.api import ApiHandler
from processing.web.back_office import BackOffice
from processing.web.body import ClientGone, Receive, RequestBody
from processing.web.draining import close_when_leaving
from processing.web.hosts import PROBES
from processing.web.memory_watch import watch
from processing.web.problems import send_problem
from processing.web.sending import bound_sending
from processing.web.static import StaticFiles

#: Requests in one process at once, the probes left out. One that only waits holds tens of
#: kilobytes; one whose body stalls, UPLOAD_BYTES at the most.
MAX_REQUESTS_IN_FLIGHT = 500


class Door:
    """The ASGI application: static files, the admin, and the API for all the rest."""

    def __init__(self) -> None:
        self._static = StaticFiles()
        self._back_office = BackOffice()
        self._api = ApiHandler()
        self._in_flight = 0

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
            await self._admit(scope, receive, bound_sending(line.watch(close_when_leaving(send))))
        except ClientGone:
            pass  # the line tells how much of the answer it took
        finally:
            line.write()

    async def _admit(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["path"] in PROBES:
            await self._api(scope, receive, send)
        elif self._in_flight >= MAX_REQUESTS_IN_FLIGHT:
            await send_problem(
                MemoryPressure(
                    f"This process serves {self._in_flight} requests, as many as it may."
                ),
                send,
            )
            await RequestBody(receive, scope["headers"]).linger()
        else:
            self._in_flight += 1
            try:
                with watch.serving():
                    await self._serve(scope, receive, send)
            finally:
                self._in_flight -= 1

    async def _serve(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path.startswith(settings.STATIC_URL):
            await self._static(scope, receive, send)
        elif path == "/admin" or path.startswith("/admin/"):
            await self._back_office(scope, receive, send)
        else:
            await self._api(scope, receive, send)
