"""The load line of a web: how much memory it uses, and whether that leaves room for new work."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable
from contextlib import suppress

from django.conf import settings

from processing.errors import MemoryPressure
from processing.memory.actions import Kind
from processing.memory.plan import describe_quota, show
from processing.memory.sizes import PAUSE_SHARE, RESUME_SHARE
from processing.memory.usage import find_tree, read_usage_bytes
from processing.web.board import Board
from processing.web.memory_thread import on_memory_thread

logger = logging.getLogger(__name__)

#: Usage is read so often while requests come, in seconds, by one of the processes for all.
LOOK_SECONDS = 1.0
#: A look takes 1.2 ms for each process. The next one is so many times later than it took: all
#: looking of a web together takes less than a third of a percent of a core; a process of 200 MB
#: takes 5 ms, but there the next look is no later than LOOK_MOST_SECONDS.
LOOK_TIMES = 300
LOOK_MOST_SECONDS = 2.0
#: A request waits for a look no longer than this, in seconds; then the last one counts.
LOOK_WAIT_SECONDS = 1.0


class LoadLine:
    """New work is refused from PAUSE_SHARE of the usable quota on until below RESUME_SHARE.

    The web is gunicorn's master with all that descends from it; where a control group tells, all
    that runs in it. `on_change` hears of the begin and the end of refusing, by Kind.PAUSE
    or Kind.RESUME and a sentence with the numbers, in the process that found it.
    """

    def __init__(self, page: Board, on_change: Callable[[Kind, str], None]) -> None:
        self._page = page
        self._on_change = on_change
        self._looking: asyncio.Task[None] | None = None

    @property
    def is_refusing(self) -> bool:
        """Whether new work is refused, by what was read last."""
        return bool(self._page.is_refusing)

    @property
    def used_bytes(self) -> int:
        """What counts against the quota, by what was read last."""
        return self._page.used_bytes

    async def check(self) -> None:
        """Raise MemoryPressure where there is no room for more work."""
        await self.refresh()
        if self.is_refusing:
            raise MemoryPressure(f"{self.describe()}; new work is taken again below {_RESUMES}.")

    async def refresh(self) -> None:
        """Read the usage anew when that is due; LOOK_WAIT_SECONDS at most."""
        if time.monotonic() < self._page.look_due_at:
            return
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_WAIT_SECONDS):
                await asyncio.shield(self._looking)

    def describe(self) -> str:
        """The usage against the quota, such as "447 MB of 512 MB (DYNO_RAM) are in use"."""
        return f"{show(self.used_bytes)} of {describe_quota(settings.MEMORY_QUOTA)} are in use"

    async def _look(self) -> None:
        await on_memory_thread(self._read)
        share = self.used_bytes / settings.MEMORY_QUOTA.usable_bytes
        if not self.is_refusing and share >= PAUSE_SHARE:
            self._page.is_refusing = 1
            self._tell(
                Kind.PAUSE, f"{self.describe()}: new work is refused until less than {_RESUMES}"
            )
        elif self.is_refusing and share < RESUME_SHARE:
            self._page.is_refusing = 0
            self._tell(Kind.RESUME, f"{self.describe()}: new work is taken again")

    def _read(self) -> None:
        began_at, spent_seconds = time.monotonic(), time.thread_time()
        self._page.look_due_at = began_at + LOOK_SECONDS  # what the other processes wait for
        self._page.used_bytes = read_usage_bytes(settings.MEMORY_QUOTA, find_tree(os.getppid()))
        spent_seconds = time.thread_time() - spent_seconds
        wait_seconds = min(LOOK_MOST_SECONDS, max(LOOK_SECONDS, LOOK_TIMES * spent_seconds))
        self._page.look_due_at = began_at + wait_seconds

    def _tell(self, kind: Kind, detail: str) -> None:
        logger.warning("%s", detail)
        self._on_change(kind, detail)


_RESUMES = f"{100 * RESUME_SHARE:.0f} %"
