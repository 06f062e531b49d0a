"""Whether the store can be used, where it is a service of its own."""

from __future__ import annotations

import asyncio
import time

from processing.uploads.store import get_store
from processing.uploads.store_threads import start_on_store_thread
from processing.uploads.stores.interface import RemoteStore

#: It is asked again when its answer is so old, in seconds: probes come more often, and each
#: question costs a request.
ASK_EVERY_SECONDS = 10.0
#: It has this long to answer, in seconds; its answer is heard by a later probe otherwise.
LOOK_SECONDS = 2.0


class StoreWatch:
    """Asks the store for its trouble: one question at a time, whoever waits for the answer."""

    def __init__(self) -> None:
        self._asked_at = float("-inf")
        self._answer: asyncio.Future[str] | None = None

    async def describe(self) -> str:
        """ "ok", or "degraded: " and why; empty for a store that is there when we are."""
        store = get_store()
        if not isinstance(store, RemoteStore):
            return ""
        is_old = time.monotonic() >= self._asked_at + ASK_EVERY_SECONDS
        if self._answer is None or (self._answer.done() and is_old):
            self._asked_at = time.monotonic()
            self._answer = start_on_store_thread(store.find_trouble)
        trouble = await _hear(self._answer)
        return f"degraded: {trouble}" if trouble else "ok"


async def _hear(answer: asyncio.Future[str]) -> str:
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            return await asyncio.shield(answer)
    except TimeoutError:
        return f"no answer in {LOOK_SECONDS:g} seconds"


store_watch = StoreWatch()
