"""A request's body, pulled by whoever wants it and read by nobody before."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import Any

from django.conf import settings

from processing.errors import BodyStalled, BodyTooLarge
from processing.web.pace import Pace
from processing.web.turns import Turns

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Headers = Iterable[tuple[bytes, bytes]]

#: A body that sends nothing for this long has stalled, in seconds.
BODY_STALL_SECONDS = 20.0
#: A body that is kept in memory must be there after this long, in seconds: it holds a share of a
#: budget meanwhile, and one that trickles never stalls.
SMALL_BODY_SECONDS = 30.0
#: What is left of a refused body is read on this long, in seconds, and this far, in bytes, so that
#: the client gets to read the answer before the connection is reset under it. Clients such as
#: httpx look at the answer only when all is sent or the sending fails.
LINGER_SECONDS = 2.0
LINGER_MAX_BYTES = 8 * 1024 * 1024
#: First nothing is read for so long, in seconds: node looks for an answer only when its sending has
#: to wait, which on a fast line it never has to where all that it sends is read at once.
LINGER_PAUSE_SECONDS = 0.2


class ClientGone(Exception):
    """The client closed the connection."""


class RequestBody:
    """The body of one request.

    `length` is its Content-Length in bytes; None for a chunked body. `finished` is true when all
    of it was received.
    """

    def __init__(self, receive: Receive, headers: Headers) -> None:
        self._receive = receive
        self.length = _read_length(headers)
        self._finished = asyncio.Event()
        if self.length == 0:
            self._finished.set()

    @property
    def finished(self) -> bool:
        """Whether the whole body has been received."""
        return self._finished.is_set()

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives. Raises ClientGone, and BodyStalled for one that stalls or comes
        with less than UPLOAD_MIN_BYTES_PER_SECOND."""
        pace = Pace(settings.UPLOAD_MIN_BYTES_PER_SECOND)
        turns = Turns()
        while not self.finished:
            began_at = time.monotonic()
            message = await self._receive_soon()
            if message["type"] == "http.disconnect":
                raise ClientGone
            chunk = message.get("body", b"")
            if not message.get("more_body", False):
                self._finished.set()
            else:
                pace.record(time.monotonic() - began_at, len(chunk))
            if chunk:
                yield chunk
            await turns.give()

    async def _receive_soon(self) -> Mapping[str, Any]:
        try:
            async with asyncio.timeout(BODY_STALL_SECONDS):
                return await self._receive()
        except TimeoutError as error:
            raise BodyStalled(
                f"Nothing of the body arrived for {BODY_STALL_SECONDS:g} seconds."
            ) from error

    async def read(self, limit_bytes: int) -> bytes:
        """The whole body, when it has at most `limit_bytes`.

        Raises BodyTooLarge for a longer one, BodyStalled for one that takes longer than
        SMALL_BODY_SECONDS, and ClientGone.
        """
        self.check_length(limit_bytes)
        try:
            async with asyncio.timeout(SMALL_BODY_SECONDS):
                return await self._collect(limit_bytes)
        except TimeoutError as error:
            raise BodyStalled(
                f"The body has not arrived within {SMALL_BODY_SECONDS:g} seconds."
            ) from error

    async def _collect(self, limit_bytes: int) -> bytes:
        received = bytearray()
        async for chunk in self.chunks():
            received += chunk
            if len(received) > limit_bytes:
                raise BodyTooLarge(f"The body has more than the {limit_bytes} bytes it may have.")
        return bytes(received)

    def check_length(self, limit_bytes: int) -> None:
        """Raise BodyTooLarge when the announced length is over `limit_bytes`."""
        if self.length is not None and self.length > limit_bytes:
            raise BodyTooLarge(
                f"The body has {self.length} bytes; this path takes at most {limit_bytes}."
            )

    async def wait_for_departure(self, *, is_wanted: bool = True) -> None:
        """Return when the client has gone, which shows behind the body alone: nothing is read
        before one that is wanted was, and one that is not is forgotten."""
        if is_wanted:
            await self._finished.wait()
        while (message := await self._receive())["type"] != "http.disconnect":
            if not message.get("more_body", False):
                self._finished.set()

    async def linger(self) -> None:
        """Read and forget the rest of a body that nobody wanted, for a short while."""
        left_bytes = LINGER_MAX_BYTES
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                await asyncio.sleep(LINGER_PAUSE_SECONDS)
                async for chunk in self.chunks():
                    left_bytes -= len(chunk)
                    if left_bytes < 0:
                        return
        except (TimeoutError, BodyStalled, ClientGone):
            pass


def _read_length(headers: Headers) -> int | None:
    named = {name.lower(): value for name, value in headers}
    if b"transfer-encoding" in named:
        return None
    return int(named.get(b"content-length", 0))  # gunicorn lets only a whole number pass
