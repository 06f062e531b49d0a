"""The web process's one database thread, with its one lasting connection."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from django.db import close_old_connections

P = ParamSpec("P")
T = TypeVar("T")

#: A connection that was used less than this ago is not checked again, in seconds: on PostgreSQL the
#: check is a round trip.
CHECK_AFTER_IDLE_SECONDS = 1.0

# One: a thread per request would be a connection per request, and SQLite has one writer anyway.
# The thread starts with the first call, so it belongs to the forked worker.
_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database")


async def in_database(function: Callable[P, T], /, *arguments: P.args, **keywords: P.kwargs) -> T:
    """Run `function`, which may use the ORM, in the database thread.

    Calls run one after the other, in the order they were made. A cancelled caller does not undo a
    call that has begun.
    """
    call = partial(_connection.run, partial(function, *arguments, **keywords))
    return await asyncio.get_running_loop().run_in_executor(_thread, call)


class _Connection:
    """Looks after the thread's connection: one that idled or failed is checked before its use."""

    def __init__(self) -> None:
        self._used_at = float("-inf")

    def run(self, call: Callable[[], T]) -> T:
        if time.monotonic() - self._used_at >= CHECK_AFTER_IDLE_SECONDS:
            close_old_connections()
        self._used_at = float("-inf")
        result = call()
        self._used_at = time.monotonic()
        return result


_connection = _Connection()
