"""How much the bodies of one request may hold together, in the order they are to be sent."""

from __future__ import annotations

import asyncio
import sys
from collections import defaultdict

from processing.memory.budget import ByteBudget

#: So many bodies of the largest kind have room in a request for sure: the one that is to be sent
#: next, and what arrives meanwhile. Most bodies are so small that all have.
SURE_BODY_COUNT = 2
#: So many more are kept in a request for a later place of their URL while one arrives between.
KEPT_BODY_COUNT = 4


class Window:
    """Bytes that bodies take as they arrive and give back when they were sent.

    `own_bytes` of the budget are held already; more is borrowed from it while there is some. The
    first body that was not given back, by index, can always grow to `body_most_bytes`: whatever
    the others hold, it arrives whole, is sent, and makes room for the next.
    """

    def __init__(self, budget: ByteBudget, *, own_bytes: int, body_most_bytes: int) -> None:
        self._budget = budget
        self._own_bytes = own_bytes
        self._body_most_bytes = body_most_bytes
        self._borrowed_bytes = 0
        self._held: defaultdict[int, int] = defaultdict(int)
        self._reserved: set[int] = set()
        self._first = 0
        self._given_back: set[int] = set()
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._heirs: dict[int, int] = {}

    @property
    def held_bytes(self) -> int:
        """What the bodies hold now, with what is reserved for them."""
        rest_bytes = sum(
            self._body_most_bytes - self._held.get(index, 0) for index in self._reserved
        )
        return sum(self._held.values()) + rest_bytes

    def try_take(self, index: int, amount_bytes: int) -> bool:
        """Let the body `index` grow by so much if there is room for it."""
        if index not in self._reserved and not self._find_room(index, amount_bytes):
            return False
        self._held[index] += amount_bytes
        return True

    async def take(self, index: int, amount_bytes: int) -> None:
        """Let the body `index` grow by so much, as soon as there is room for it."""
        while not self.try_take(index, amount_bytes):
            await self._wait(index)
        self._wake()

    def reserve(self, index: int) -> bool:
        """Keep room for all that the body `index` may become, if there is so much."""
        if not self._find_room(index, self._body_most_bytes):
            return False
        self._reserved.add(index)
        return True

    def settle(self, index: int) -> None:
        """The body does not grow any more: what was reserved for it beyond its length is free."""
        if index in self._reserved:
            self._reserved.discard(index)
            self._give_spare_back()

    def bequeath(self, index: int, heir: int) -> None:
        """The body `index` is sent once more as `heir`, which holds it when it was given back."""
        self._heirs[index] = heir

    def drop(self, index: int) -> None:
        """What the body held is forgotten; it may begin again."""
        self._held.pop(index, None)
        self._give_spare_back()

    def give_back(self, index: int) -> None:
        """The body was sent: the next one is first."""
        held_bytes = self._held.pop(index, 0)
        if index in self._heirs:
            self._held[self._heirs[index]] = held_bytes
        self._given_back.add(index)
        while self._first in self._given_back:
            self._first += 1
        self._give_spare_back()

    def close(self) -> None:
        """Give everything borrowed back."""
        self._budget.give_back(self._borrowed_bytes)
        self._borrowed_bytes = 0

    def _find_room(self, index: int, amount_bytes: int) -> bool:
        wanted_bytes = self.held_bytes + amount_bytes
        if index != self._first:
            wanted_bytes += self._kept_bytes()
        missing_bytes = wanted_bytes - self._own_bytes - self._borrowed_bytes
        if missing_bytes <= 0:
            return True
        if not self._budget.borrow(missing_bytes):
            return False
        self._borrowed_bytes += missing_bytes
        return True

    def _kept_bytes(self) -> int:
        """What is kept for the first body, beside what it holds."""
        if self._first in self._reserved:
            return 0
        return self._body_most_bytes - self._held.get(self._first, 0)

    def _give_spare_back(self) -> None:
        needed_bytes = max(self.held_bytes + self._kept_bytes() - self._own_bytes, 0)
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
        except asyncio.CancelledError:
            if self._waiting.get(index) is turn:
                del self._waiting[index]
            self._wake()  # it may have been its turn
            raise

    def _wake(self) -> None:
        """Let the one that is to be sent first look again; when it finds room it wakes the next."""
        if self._waiting:
            turn = self._waiting.pop(min(self._waiting))
            if not turn.done():
                turn.set_result(None)


def make_boundless() -> Window:
    """A window for whoever has the memory anyway: it makes no body wait."""
    return Window(ByteBudget(0), own_bytes=sys.maxsize, body_most_bytes=0)
