"""How much the bodies of one request may hold together, in the order they are to be sent."""

from __future__ import annotations

import asyncio
import sys

from processing.memory.budget import ByteBudget

#: So many bodies of the largest kind have room in a request for sure: the one that is to be sent
#: next, and what arrives meanwhile. Most bodies are so small that all have.
SURE_BODY_COUNT = 2
#: So many more are kept in a request for a later place of their URL while one arrives between.
KEPT_BODY_COUNT = 4


class Window:
    """Room for bodies: each holds room for all of itself before it is read, until it was sent.

    So one that is read never waits, and makes room. `own_bytes` of the budget are held already;
    more is borrowed from it while there is some. The first body that was not given back, by index,
    always finds room for `body_most_bytes`, whatever the others hold; so do `kept_count` bodies
    that are sent again later.
    """

    def __init__(
        self, budget: ByteBudget, *, own_bytes: int, body_most_bytes: int, kept_count: int = 0
    ) -> None:
        self._budget = budget
        self._own_bytes = own_bytes
        self._body_most_bytes = body_most_bytes
        self._kept_bytes = kept_count * body_most_bytes
        self._borrowed_bytes = 0
        self._held: dict[int, int] = {}
        self._ahead: set[int] = set()
        self._first = 0
        self._given_back: set[int] = set()
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._heirs: dict[int, int] = {}
        self._inherited: set[int] = set()

    @property
    def held_bytes(self) -> int:
        """What the bodies hold now."""
        return sum(self._held.values())

    def try_hold(self, index: int, size_bytes: int) -> bool:
        """Hold room for the body `index` if there is so much."""
        if index in self._ahead:
            return True
        if not self._find_room(index, size_bytes):
            return False
        self._held[index] = size_bytes
        return True

    async def hold(self, index: int, size_bytes: int) -> None:
        """Hold room for the body `index`, as soon as there is so much."""
        while not self.try_hold(index, size_bytes):
            await self._wait(index)

    def go_ahead(self, index: int) -> bool:
        """Hold room for all that the body `index` may become, if there is so much.

        It keeps that until it is settled, also where it begins again.
        """
        if not self.try_hold(index, self._body_most_bytes):
            return False
        self._ahead.add(index)
        return True

    def settle(self, index: int, length_bytes: int) -> None:
        """The body has come and is so long: it holds no more than that."""
        self._ahead.discard(index)
        self._held[index] = length_bytes
        self._give_spare_back()

    def bequeath(self, index: int, heir: int) -> None:
        """The body `index` is sent once more as `heir`, which holds it when it was given back."""
        self._heirs[index] = heir

    def drop(self, index: int) -> None:
        """What has come of the body is forgotten; it may begin again."""
        if index not in self._ahead:
            self._held.pop(index, None)
            self._give_spare_back()

    def give_back(self, index: int) -> None:
        """The body was sent, or will not come: the next one is first."""
        held_bytes = self._held.pop(index, 0)
        self._inherited.discard(index)
        if index in self._heirs:
            heir = self._heirs[index]
            self._held[heir] = held_bytes
            self._inherited.add(heir)
        self._given_back.add(index)
        while self._first in self._given_back:
            self._first += 1
        self._give_spare_back()

    def close(self) -> None:
        """Give everything borrowed back."""
        self._budget.give_back(self._borrowed_bytes)
        self._borrowed_bytes = 0

    def _find_room(self, index: int, size_bytes: int) -> bool:
        wanted_bytes = self.held_bytes + size_bytes
        if index != self._first:
            wanted_bytes += self._sure_bytes()
        missing_bytes = wanted_bytes - self._own_bytes - self._borrowed_bytes
        if missing_bytes <= 0:
            return True
        if not self._budget.borrow(missing_bytes):
            return False
        self._borrowed_bytes += missing_bytes
        return True

    def _sure_bytes(self) -> int:
        """What the first body and those that are to be kept may want beside what they hold."""
        first_bytes = self._body_most_bytes - self._held.get(self._first, 0)
        inherited_bytes = sum(self._held[index] for index in self._inherited)
        return first_bytes + max(0, self._kept_bytes - inherited_bytes)

    def _give_spare_back(self) -> None:
        needed_bytes = max(self.held_bytes + self._sure_bytes() - self._own_bytes, 0)
        spare_bytes = self._borrowed_bytes - needed_bytes
        if spare_bytes > 0:
            self._borrowed_bytes -= spare_bytes
            self._budget.give_back(spare_bytes)
        self._wake()

    async def _wait(self, index: int) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[index] = turn
        self._budget.tell_of_room(self._wake)
        try:
            await turn
        finally:
            if self._waiting.get(index) is turn:
                del self._waiting[index]

    def _wake(self) -> None:
        """Let all look again, the one that is to be sent first before the others."""
        for index in sorted(self._waiting):
            turn = self._waiting.pop(index)
            if not turn.done():
                turn.set_result(None)


def make_boundless() -> Window:
    """A window for whoever has the memory anyway: it makes no body wait."""
    return Window(ByteBudget(0), own_bytes=sys.maxsize, body_most_bytes=0)
