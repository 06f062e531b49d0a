"""Samples of a web process's memory, and its master's, in the database."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from contextlib import suppress

from django.conf import settings
from django.db import Error

from processing.memory.actions import Kind
from processing.memory.processes import WEB
from processing.memory.usage import read_proportional_bytes
from processing.models import MemorySample
from processing.web.board import Board
from processing.web.database import in_database
from processing.web.memory_thread import on_memory_thread

SAMPLE_SECONDS = 60.0
#: So many samples may wait for a database that is slow or away; more are not taken.
MOST_WAITING = 8
PROCESS, MASTER = "process", "master"


class MemorySamples:
    """Takes a sample of this process each minute, and of each action."""

    def __init__(self, page: Board) -> None:
        self._page = page
        self._due_at = 0.0
        self._waiting: set[asyncio.Task[None]] = set()

    def take_if_due(self) -> None:
        """The samples of the minute: ours, and the master's where no other process took it."""
        now = time.monotonic()
        if now < self._due_at:
            return
        self._due_at = now + SAMPLE_SECONDS
        names = {PROCESS: os.getpid()}
        if now >= self._page.master_sample_due_at:
            self._page.master_sample_due_at = self._due_at
            names[MASTER] = os.getppid()
        self._take(names)

    def take(self, kind: Kind, detail: str) -> None:
        """A sample of what this process does or finds about memory."""
        self._take({PROCESS: os.getpid()}, kind, detail)

    def _take(self, names: dict[str, int], action: str = "", detail: str = "") -> None:
        if len(self._waiting) < MOST_WAITING:
            task = asyncio.create_task(self._keep(names, action, detail))
            self._waiting.add(task)
            task.add_done_callback(self._waiting.discard)

    async def _keep(self, names: dict[str, int], action: str, detail: str) -> None:
        with suppress(Error, OSError):  # there are more samples where this one came from
            rows = await on_memory_thread(self._measure, names, action, detail)
            await in_database(MemorySample.objects.bulk_create, rows)

    def _measure(self, names: dict[str, int], action: str, detail: str) -> list[MemorySample]:
        return [
            MemorySample(
                host=socket.gethostname()[:100],
                type=WEB,
                pid=pid,
                name=name,
                used_bytes=read_proportional_bytes(pid),
                usage_bytes=self._page.used_bytes,
                quota_bytes=settings.MEMORY_QUOTA.usable_bytes,
                action=action,
                detail=detail,
            )
            for name, pid in names.items()
        ]
