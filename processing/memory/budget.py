"""A budget of bytes: work that needs memory holds its share first, or is refused."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from processing.errors import MemoryPressure

#: Work waits this long for its share of a budget, in seconds: a burst passes, and a client is told
#: of an overload while it still listens.
BUDGET_WAIT_SECONDS = 5.0
#: What is borrowed leaves this part of a budget to those who begin: one that has borrowed and gives
#: nothing back, because its client does not read, must not keep everybody out.
BORROWED_SHARE = 0.75
#: A JSON body holds this many times its length while it comes in: the pieces, with the room that
#: they grow into, and the joined bytes. Checking and storing take more (a MiB parsed: 22 MiB at
#: most), but once in a process: the event loop and the database thread do one body at a time.
JSON_BODY_COPIES = 3


class ByteBudget:
    """Bytes that may be held at once on one event loop, given out in the order asked for."""

    def __init__(self, limit_bytes: int, *, wait_seconds: float = BUDGET_WAIT_SECONDS) -> None:
        self.limit_bytes = limit_bytes
        self.wait_seconds = wait_seconds
        self.held_bytes = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._told: dict[Callable[[], None], None] = {}

    @asynccontextmanager
    async def hold(
        self, amount_bytes: int, *, wait_seconds: float | None = None
    ) -> AsyncIterator[None]:
        """Hold `amount_bytes` while the block runs.

        Raises MemoryPressure when they are not free within `wait_seconds` (default: the budget's),
        and at once when they are more than the whole budget.
        """
        await self._take(amount_bytes, self.wait_seconds if wait_seconds is None else wait_seconds)
        try:
            yield
        finally:
            self.give_back(amount_bytes)

    def borrow(self, amount_bytes: int) -> bool:
        """Take further bytes if they are free now, after those who wait for theirs."""
        if self._waiting or self.held_bytes + amount_bytes > BORROWED_SHARE * self.limit_bytes:
            return False
        self.held_bytes += amount_bytes
        return True

    def give_back(self, amount_bytes: int) -> None:
        """Free bytes that were taken."""
        self.held_bytes -= amount_bytes
        self._wake()

    def tell_of_room(self, look: Callable[[], None]) -> None:
        """Call `look` once, when bytes come free that may be borrowed."""
        self._told[look] = None

    async def _take(self, amount_bytes: int, wait_seconds: float) -> None:
        if amount_bytes > self.limit_bytes:
            raise MemoryPressure(
                f"This needs {amount_bytes} bytes of memory; the budget is {self.limit_bytes}."
            )
        if not amount_bytes or (not self._waiting and self._fits(amount_bytes)):
            self.held_bytes += amount_bytes
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (amount_bytes, turn)
        self._waiting.append(entry)
        try:
            async with asyncio.timeout(wait_seconds):
                await asyncio.shield(turn)
        except BaseException as error:
            self._give_up(entry)
            if isinstance(error, TimeoutError):
                raise MemoryPressure from error
            raise

    def _give_up(self, entry: tuple[int, asyncio.Future[None]]) -> None:
        amount_bytes, turn = entry
        if turn.done():
            self.held_bytes -= amount_bytes
        else:
            self._waiting.remove(entry)
        self._wake()

    def _fits(self, amount_bytes: int) -> bool:
        return self.held_bytes + amount_bytes <= self.limit_bytes

    def _wake(self) -> None:
        while self._waiting and self._fits(self._waiting[0][0]):
            amount_bytes, turn = self._waiting.popleft()
            self.held_bytes += amount_bytes
            turn.set_result(None)
        if not self._waiting:
            told, self._told = self._told, {}
            for look in told:
                look()
