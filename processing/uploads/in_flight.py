"""The calls on a thread that one upload has under way."""

from __future__ import annotations

import asyncio
from collections import deque

DEPTH = 2
"""While a block is written and hashed the next one waits for the thread, which would else wait for
the event loop behind each: then 1 GB takes a quarter longer."""


class InFlight:
    """Their futures, at most `depth`, in the order in which they run."""

    def __init__(self, depth: int = DEPTH) -> None:
        self._depth = depth
        self._futures: deque[asyncio.Future[None]] = deque()

    async def make_room(self) -> None:
        """Wait until one more may be begun. Raises what an earlier one raised, once."""
        while len(self._futures) >= self._depth:
            await self._end_oldest()

    def add(self, future: asyncio.Future[None]) -> None:
        """One more has been begun."""
        self._futures.append(future)

    async def settle(self) -> None:
        """Wait until none is under way. Raises what an earlier one raised, once."""
        while self._futures:
            await self._end_oldest()

    async def come_to_rest(self) -> None:
        """Wait until none is under way; nobody is told of an error any more."""
        if self._futures:
            await asyncio.wait(self._futures)
        self.take_back()

    def take_back(self) -> None:
        """Cancel what has not begun; nobody is told of an error any more."""
        while self._futures:
            future = self._futures.popleft()
            future.cancel()
            future.add_done_callback(_look_at)

    async def _end_oldest(self) -> None:
        """Whoever is cancelled meanwhile leaves it among the others."""
        oldest = self._futures[0]
        if not oldest.done():
            await asyncio.wait({oldest})
        self._futures.popleft()
        oldest.result()


def _look_at(future: asyncio.Future[None]) -> None:
    """asyncio logs an error that nobody has looked at."""
    if not future.cancelled():
        future.exception()
