"""The one thread of a process that does blocking file work for the event loop."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

DISK_THREAD_COUNT = 1
"""Writing and hashing release the GIL, so one thread keeps up with one event loop, and threads
are memory. One also means order: what is submitted later runs later. So the removal of a file
never overtakes a write to it, not even when the task that awaited the write was cancelled."""

CHUNK_BYTES = 64 * 1024
"""One read, and so what a download holds in memory."""


@cache
def _disk_thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=DISK_THREAD_COUNT, thread_name_prefix="disk")


# Threads do not survive a fork: a child makes its own on first use.
os.register_at_fork(after_in_child=_disk_thread.cache_clear)


def start_on_disk_thread(function: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
    """Submit a call and return its future; to cancel that takes back what has not begun."""
    return asyncio.get_running_loop().run_in_executor(_disk_thread(), function, *args)


async def on_disk_thread(function: Callable[[*Ts], T], *args: *Ts) -> T:
    """Return what the call returns, or raise what it raises.

    If the awaiting task is cancelled, a call that has begun goes on to its end.
    """
    return await start_on_disk_thread(function, *args)


async def finish_on_disk_thread(function: Callable[[*Ts], T], *args: *Ts) -> T:
    """Like on_disk_thread, but the call is made even if the awaiting task is cancelled.

    For cleaning up: it runs after everything that was submitted before.
    """
    return await asyncio.shield(start_on_disk_thread(function, *args))
