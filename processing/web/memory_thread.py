"""The one thread of a web process that looks at its memory: a slow disk holds no look up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

# The thread starts with the first call, so it belongs to the forked worker. What it reads is
# /proc, and the callers bound how much waits for it.
_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="memory")


async def on_memory_thread(function: Callable[[*Ts], T], *args: *Ts) -> T:
    """Return what the call returns, or raise what it raises. Calls run one after the other.

    If the awaiting task is cancelled, a call that has begun goes on to its end.
    """
    return await asyncio.get_running_loop().run_in_executor(_thread, function, *args)
