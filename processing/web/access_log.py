"""One line for every request, when its answer has been sent."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

logger = logging.getLogger("processing.access")

Send = Callable[[Mapping[str, Any]], Awaitable[None]]

REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,100}")
#: nginx's number for a client that left before the answer.
CLIENT_GONE_STATUS = 499


class AccessLine:
    """What the log says of one request.

    `request_id` is the client's or the router's X-Request-ID, or a new one.
    """

    def __init__(self, scope: Mapping[str, Any]) -> None:
        self._started_at = time.monotonic()
        self._request = f"{scope['method']} {_printable(scope['path'])}"
        self.request_id = _read_request_id(scope)
        self.caller = "anonymous"
        self.status = CLIENT_GONE_STATUS
        self.sent_bytes = 0
        self._answered_at: float | None = None

    def watch(self, send: Send) -> Send:
        """The same `send`, counted, with the request id among the answer's headers."""

        async def send_watched(message: Mapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                self.status = message["status"]
                own = (b"x-request-id", self.request_id.encode())
                message = {**message, "headers": [*message["headers"], own]}
            self.sent_bytes += len(message.get("body", b""))
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                self._answered_at = time.monotonic()

        return send_watched

    def write(self) -> None:
        """Log the line: request, status, bytes of body, milliseconds, request id, caller.

        The time ends with the answer; what is left of a refused body may be read on after it.
        """
        elapsed_ms = ((self._answered_at or time.monotonic()) - self._started_at) * 1000
        logger.info(
            "%s %d %dB %.1fms request_id=%s caller=%s",
            self._request,
            self.status,
            self.sent_bytes,
            elapsed_ms,
            self.request_id,
            self.caller,
        )


def _read_request_id(scope: Mapping[str, Any]) -> str:
    for name, value in scope["headers"]:
        if name.lower() == b"x-request-id" and REQUEST_ID.fullmatch(value):
            return str(value, "ascii")
    return uuid.uuid4().hex


def _printable(path: str) -> str:
    return path[:200].encode("unicode_escape").decode("ascii")
