"""Sending an answer to a client that may have stopped reading it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

from processing.uploads.disk import CHUNK_BYTES
from processing.web.access_log import Send
from processing.web.body import ClientGone
from processing.web.turns import Turns

#: A client that takes none of a piece for this long has stopped reading, in seconds. What its
#: answer holds (a share of a budget, a seat, an open file) is wanted by others.
SEND_STALL_SECONDS = 30.0


def bound_sending(send: Send) -> Send:
    """The same `send`, in pieces of at most CHUNK_BYTES, each within SEND_STALL_SECONDS.

    The pieces make it a bound on progress, not on how slowly a long text may be read. It raises
    ClientGone for a client that stopped reading.
    """
    turns = Turns()  # a client that reads as fast as we write never has us wait

    async def send_bounded(message: Mapping[str, Any]) -> None:
        for piece in _split(message):
            try:
                async with asyncio.timeout(SEND_STALL_SECONDS):
                    await send(piece)
            except TimeoutError as error:
                raise ClientGone from error
            await turns.give()

    return send_bounded


def _split(message: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    body = message.get("body", b"")
    if len(body) <= CHUNK_BYTES:
        yield message
        return
    for start in range(0, len(body), CHUNK_BYTES):
        end = start + CHUNK_BYTES
        more_body = end < len(body) or message.get("more_body", False)
        yield {**message, "body": body[start:end], "more_body": more_body}
