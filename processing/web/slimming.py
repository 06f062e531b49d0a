"""A web process that stays fat after a burst is trimmed, and replaced when that does not help."""

from __future__ import annotations

import logging
import os

from django.conf import settings

from processing.memory.actions import Kind
from processing.memory.plan import show
from processing.memory.sizes import WEB_PROCESS_BYTES
from processing.memory.status import read_held_bytes
from processing.memory.trim import trim_memory
from processing.memory.units import MIB
from processing.web.budgets import count_held_bytes
from processing.web.load_line import LoadLine
from processing.web.memory_samples import MemorySamples
from processing.web.memory_thread import on_memory_thread
from processing.web.replacement import Replacement

logger = logging.getLogger(__name__)

#: A process is fat that has grown by so much more than the plan gives it and its requests hold.
FAT_BYTES = 16 * MIB
#: A burst goes on while requests hold more than this part of what they may: nothing is judged.
BURST_SHARE = 0.1
#: Fat for so long is not in passing, in seconds.
STAYS_SECONDS = 5.0
#: Above the load line a process is trimmed so often, fat or not, in seconds.
TRIM_EVERY_SECONDS = 60.0


class Slimming:
    """Looks at its own process once a second while that serves requests or is fat.

    Growth is what the process has added to what it holds since it began.
    """

    def __init__(self, line: LoadLine, samples: MemorySamples, replacement: Replacement) -> None:
        self._line = line
        self._samples = samples
        self._replacement = replacement
        self._start_bytes = read_held_bytes(os.getpid())
        self._fat_since: float | None = None
        self._trimmed_at = float("-inf")

    @property
    def is_fat(self) -> bool:
        """Whether the process was fat when it was last looked at."""
        return self._fat_since is not None

    async def step(self, now: float) -> None:
        """Look, and do the one thing that is due; `now` is of the monotonic clock, in seconds."""
        if not self._is_fat_now():
            self._fat_since = None
            if self._line.is_refusing and now >= self._trimmed_at + TRIM_EVERY_SECONDS:
                await self._trim(now)
            return
        if self._fat_since is None:
            self._fat_since = now
        if now >= max(self._fat_since, self._trimmed_at) + STAYS_SECONDS:
            if self._trimmed_at < self._fat_since:
                await self._trim(now)
            else:
                self._replace()

    def _is_fat_now(self) -> bool:
        held_bytes = count_held_bytes()
        if held_bytes > BURST_SHARE * settings.WEB_PLAN.request_bytes:
            return False
        return self._grown_bytes() > WEB_PROCESS_BYTES + held_bytes + FAT_BYTES

    async def _trim(self, now: float) -> None:
        self._trimmed_at = now
        before_bytes = self._grown_bytes()
        await on_memory_thread(trim_memory)
        self._tell(Kind.TRIM, f"trimmed from {show(before_bytes)} to {show(self._grown_bytes())}")

    def _replace(self) -> None:
        if not self._replacement.is_granted and self._replacement.ask():
            what = f"replaced with {show(self._grown_bytes())} that trimming leaves"
            self._tell(Kind.REPLACE, what)

    def _grown_bytes(self) -> int:
        return read_held_bytes(os.getpid()) - self._start_bytes

    def _tell(self, kind: Kind, what: str) -> None:
        detail = f"web process {os.getpid()}: {what} above its start ({self._line.describe()})"
        logger.info("%s", detail)
        self._samples.take(kind, detail)
