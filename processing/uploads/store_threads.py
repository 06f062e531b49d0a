"""The threads of a process that work on the store for the event loop.

A folder is left to the disk thread. Any other store has threads of its own, so that what it keeps
waiting never keeps the hashing of uploads waiting.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import TypeVar, TypeVarTuple

from processing.lasting_connection import LastingConnection
from processing.uploads.disk import start_on_disk_thread
from processing.uploads.store import get_store

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_connection = LastingConnection()


@cache
def _store_threads(count: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=count, thread_name_prefix="store")


# Threads do not survive a fork: a child makes its own on first use.
os.register_at_fork(after_in_child=_store_threads.cache_clear)


def start_on_store_thread(function: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
    """Submit a call and return its future; to cancel that takes back what has not begun.

    Calls may overtake each other: whoever cares awaits one before the next. After a cancellation
    one may still be under way when the next begins. A call should take no longer than a block or
    two of a file: others wait for the thread.
    """
    count = get_store().thread_count
    if not count:
        return start_on_disk_thread(function, *args)
    call = partial(_connection.run, partial(function, *args))
    return asyncio.get_running_loop().run_in_executor(_store_threads(count), call)


async def on_store_thread(function: Callable[[*Ts], T], *args: *Ts) -> T:
    """Return what the call returns, or raise what it raises.

    If the awaiting task is cancelled, a call that has begun goes on to its end.
    """
    return await start_on_store_thread(function, *args)


async def remove_on_store_thread(name: str) -> None:
    """Remove a stored file, with turns for others in between; a missing one is success."""
    while await on_store_thread(get_store().delete_some, name):
        pass


async def finish_on_store_thread(function: Callable[[*Ts], T], *args: *Ts) -> T:
    """Like on_store_thread, but the call is made even if the awaiting task is cancelled."""
    return await asyncio.shield(start_on_store_thread(function, *args))
