"""Coroutines that a test begins and leaves where they wait."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


async def begin(step: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """Run the step as far as it comes."""
    task = asyncio.create_task(step)
    for _ in range(5):
        await asyncio.sleep(0)
    return task
