"""Whether this web process has been told to stop, or goes because another took its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from processing.web.access_log import Send


class StoppableWorker(Protocol):
    """The part of gunicorn's worker that tells of a stop."""

    alive: bool


class _Worker:
    alive = True


_worker: StoppableWorker = _Worker()
_is_leaving = False


def watch_worker(worker: StoppableWorker) -> None:
    """Take gunicorn's worker as the one to ask; it clears `alive` on SIGTERM."""
    global _worker
    _worker = worker


def begin_leaving() -> None:
    """From now on this process only ends what it has, however long that takes."""
    global _is_leaving
    _is_leaving = True


def is_draining() -> bool:
    """True from the stop signal on: long answers end themselves, probes say so."""
    return not _worker.alive


def is_leaving() -> bool:
    """True from a stop signal on, and while another process has taken this one's place.

    Answers without an end of their own end themselves then.
    """
    return _is_leaving or is_draining()


def close_when_leaving(send: Send) -> Send:
    """The same `send`, whose answers tell the client of a leaving process to connect anew."""

    async def send_closing(message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start" and is_leaving():
            message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
        await send(message)

    return send_closing
