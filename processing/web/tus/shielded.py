"""Work on an upload that is brought to its end whether or not its client waits for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from processing.errors import PlimsollError
from processing.web.body import ClientGone

logger = logging.getLogger(__name__)

T = TypeVar("T")

_running: set[asyncio.Task[Any]] = set()


async def finish(work: Coroutine[Any, Any, T]) -> T:
    """What the work returns or raises; a caller that is cancelled leaves it running.

    The work sees for itself that its client has left, or that the process is told to stop.
    """
    task = asyncio.create_task(work)
    _running.add(task)  # the event loop keeps no strong reference
    task.add_done_callback(_running.discard)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        task.add_done_callback(_log_failure)
        raise


def _log_failure(task: asyncio.Task[Any]) -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None and not isinstance(error, PlimsollError | ClientGone):
        logger.error("what was done for a client that left has failed", exc_info=error)
