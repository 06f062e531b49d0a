"""What a web process does about its memory once a second while it serves requests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

from processing.web.board import board
from processing.web.load_line import LoadLine
from processing.web.memory_samples import MemorySamples
from processing.web.replacement import LeavingWorker, Replacement
from processing.web.slimming import Slimming

TICK_SECONDS = 1.0
#: It goes on for so long after the last request, in seconds: what a burst leaves is seen by then.
QUIET_SECONDS = 5.0


class MemoryWatch:
    """Runs on the event loop, and not at all while nobody asks for anything."""

    def __init__(self) -> None:
        self._samples = MemorySamples(board)
        self.line = LoadLine(board, self._samples.take)
        self._replacement: Replacement | None = None
        self._slimming: Slimming | None = None
        self._serving_count = 0
        self._served_at = 0.0
        self._ticking: asyncio.Task[None] | None = None

    def begin(self, worker: LeavingWorker) -> None:
        """This is gunicorn's worker, about to serve; until then nothing is watched."""
        self._replacement = Replacement(board, worker)
        self._slimming = Slimming(self.line, self._samples, self._replacement)

    @contextmanager
    def serving(self) -> Iterator[None]:
        """A request is served while the block runs."""
        self._serving_count += 1
        if self._slimming is not None and (self._ticking is None or self._ticking.done()):
            self._ticking = asyncio.create_task(self._tick_until_quiet())
        try:
            yield
        finally:
            self._serving_count -= 1
            self._served_at = time.monotonic()

    async def check_room(self) -> None:
        """Raise MemoryPressure where new work is refused because of the memory in use."""
        if self._slimming is not None:
            await self.line.check()

    async def _tick_until_quiet(self) -> None:
        assert self._slimming is not None
        assert self._replacement is not None
        while self._is_wanted(self._slimming, self._replacement):
            await self.line.refresh()
            self._samples.take_if_due()
            await self._slimming.step(time.monotonic())
            self._replacement.advance()
            await asyncio.sleep(TICK_SECONDS)

    def _is_wanted(self, slimming: Slimming, replacement: Replacement) -> bool:
        is_quiet = time.monotonic() >= self._served_at + QUIET_SECONDS
        return self._serving_count > 0 or not is_quiet or slimming.is_fat or replacement.is_granted


watch = MemoryWatch()
