"""Turns: a task that always has something to do lets the others of its event loop in between."""

from __future__ import annotations

import asyncio
import time

#: A task that does not have to wait goes on for so long, in seconds, before others have a turn.
TURN_SECONDS = 0.002


class Turns:
    """The turns of one task, which calls `give` after each of its steps."""

    def __init__(self) -> None:
        self._began_at = time.monotonic()

    async def give(self) -> None:
        """Let the others have their turn when ours is over."""
        if time.monotonic() - self._began_at > TURN_SECONDS:
            await asyncio.sleep(0)
            self._began_at = time.monotonic()
