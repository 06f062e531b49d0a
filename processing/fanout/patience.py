"""How long one URL may take, and what does not count: waiting for whoever reads what came."""

from __future__ import annotations

import asyncio

from processing.fanout.window import Window

#: A URL that has a slot is given up after this long, in seconds, redirects and repeated attempts
#: included: an answer that drips never stalls. The request's deadline may be sooner.
URL_SECONDS = 15.0


class Patience:
    """The time that is left to a URL whose slot is taken now.

    `limit` is the running timeout, `deadline` the request's, on the loop's clock in seconds.
    """

    def __init__(self, limit: asyncio.Timeout, deadline: float) -> None:
        self._limit = limit
        self._deadline = deadline
        self._clock = asyncio.get_running_loop().time
        self._end_at(self._clock() + URL_SECONDS)

    @property
    def left_seconds(self) -> float:
        """Until the URL is given up."""
        return self._ends_at - self._clock()

    async def wait_for_room(self, window: Window, place: int, amount_bytes: int) -> None:
        """Wait for the window until the request's deadline: it is not the upstream that is slow."""
        began_at, ends_at = self._clock(), self._ends_at
        self._end_at(self._deadline)
        await window.take(place, amount_bytes)
        self._end_at(ends_at + self._clock() - began_at)

    def _end_at(self, moment: float) -> None:
        self._ends_at = min(moment, self._deadline)
        self._limit.reschedule(self._ends_at)


class Room:
    """What one body may hold of its request's window."""

    def __init__(self, window: Window, place: int, patience: Patience) -> None:
        self._window = window
        self._place = place
        self._patience = patience

    async def take(self, amount_bytes: int) -> None:
        """Let the body grow, as soon as it may."""
        if not self._window.try_take(self._place, amount_bytes):
            await self._patience.wait_for_room(self._window, self._place, amount_bytes)

    def drop(self) -> None:
        """The body is forgotten, for it begins again."""
        self._window.drop(self._place)
