"""The outcomes of a fan-out as they complete."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import replace

from processing.fanout.fetched import Fetched


class Outcomes:
    """An async iterator of (index into targets, outcome), in the order in which they complete.

    It keeps none that it has given: a body goes when its receiver is done with it.
    """

    def __init__(self) -> None:
        self._places: dict[asyncio.Task[Fetched], list[tuple[int, str]]] = {}
        self._done: deque[asyncio.Task[Fetched]] = deque()
        self._ready: list[tuple[int, Fetched]] = []
        self._waiter: asyncio.Future[None] | None = None

    def add(self, task: asyncio.Task[Fetched], places: Iterable[tuple[int, str]]) -> None:
        """Give the task's outcome too, once for each place (index, and the URL asked there)."""
        self._places[task] = list(places)
        task.add_done_callback(self._note)

    @property
    def are_ready(self) -> bool:
        """Whether the next one comes without waiting."""
        return bool(self._ready or self._done)

    def __aiter__(self) -> Outcomes:
        return self

    async def __anext__(self) -> tuple[int, Fetched]:
        while not self._ready:
            if self._done:
                self._unpack(self._done.popleft())
            elif self._places:
                await self._wait()
            else:
                raise StopAsyncIteration
        return self._ready.pop()

    async def aclose(self) -> None:
        """Cancel what still runs and wait until it is gone. Nothing is given any more."""
        tasks = list(self._places)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._places.clear()
        self._done.clear()
        self._ready.clear()

    def _unpack(self, task: asyncio.Task[Fetched]) -> None:
        fetched, places = task.result(), self._places.pop(task)
        for index, url in reversed(places):
            own = fetched if url == fetched.url else replace(fetched, url=url)
            self._ready.append((index, own))

    async def _wait(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _note(self, task: asyncio.Task[Fetched]) -> None:
        self._done.append(task)
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)
