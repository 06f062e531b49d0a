"""In which order the URLs of one request take their slots."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from processing.fanout.slots import Slots
from processing.fanout.window import Window

#: While the first in line waits for its slot, it is looked so often who may go ahead, in seconds.
LOOK_SECONDS = 0.05


@dataclass(frozen=True, eq=False)
class _Turn:
    """A URL that waits to be the first in line; `goes_ahead` becomes true where it need not be."""

    upstream: str
    goes_ahead: asyncio.Future[bool]


class Starts:
    """The line of a request's URLs, by their places, before the slots of all requests.

    A body that finds no room waits, with its slot, for those before it to be sent. So they must
    have their slots: two requests could otherwise wait for each other's for ever. A URL takes its
    slot when all before it have, or have failed. While the first in line waits, for its upstream
    may have its share in use, others go ahead of it if they hold room for a body of the largest
    kind: they wait for nobody.
    """

    def __init__(self, slots: Slots, window: Window, places: Iterable[int]) -> None:
        self._slots = slots
        self._window = window
        self._line = deque(places)
        self._waiting: dict[int, _Turn] = {}
        self._looking: asyncio.TimerHandle | None = None

    def hold(self, place: int, upstream: str) -> Start:
        """`async with starts.hold(place, upstream):` has a slot. After a failure the body's room
        goes back too."""
        return Start(self, place, upstream)

    async def take(self, place: int, upstream: str) -> None:
        """Wait for the URL's turn and its slot."""
        try:
            if place != self._line[0] and await self._wait(place, upstream):
                return
            if not self._slots.try_take(upstream):
                await self._take_first(upstream)
        finally:
            self._leave(place)

    def give_back(self, place: int, upstream: str, *, has_failed: bool) -> None:
        """Give the slot back."""
        if has_failed:
            self._window.settle(place, 0)
        self._slots.give_back(upstream)

    async def _wait(self, place: int, upstream: str) -> bool:
        """Wait to be the first in line, or for a slot and room: then it is true."""
        turn = _Turn(upstream, asyncio.get_running_loop().create_future())
        self._waiting[place] = turn
        try:
            return await asyncio.shield(turn.goes_ahead)
        except BaseException:
            if turn.goes_ahead.done() and turn.goes_ahead.result():
                self.give_back(place, upstream, has_failed=True)
            raise
        finally:
            self._waiting.pop(place, None)

    async def _take_first(self, upstream: str) -> None:
        self._look_later()
        try:
            await self._slots.take(upstream)
        finally:
            if self._looking:
                self._looking.cancel()

    def _look_later(self) -> None:
        self._looking = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        for place, turn in list(self._waiting.items()):
            if self._slots.are_free(turn.upstream) and self._window.go_ahead(place):
                self._slots.try_take(turn.upstream)
                del self._waiting[place]
                turn.goes_ahead.set_result(True)
        self._look_later()

    def _leave(self, place: int) -> None:
        """Whoever is the first in line now takes its turn."""
        self._line.remove(place)
        if self._line and self._line[0] in self._waiting:
            self._waiting.pop(self._line[0]).goes_ahead.set_result(False)


class Start:
    """A slot for as long as the block runs; a class, for it costs a third of a generator."""

    def __init__(self, starts: Starts, place: int, upstream: str) -> None:
        self._starts = starts
        self._place = place
        self._upstream = upstream

    async def __aenter__(self) -> None:
        await self._starts.take(self._place, self._upstream)

    async def __aexit__(self, kind: object, *_: object) -> None:
        self._starts.give_back(self._place, self._upstream, has_failed=kind is not None)
