"""The web process's one database thread, with its one lasting connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from processing.lasting_connection import LastingConnection

P = ParamSpec("P")
T = TypeVar("T")

# One: a thread per request would be a connection per request, and SQLite has one writer anyway.
# The thread starts with the first call, so it belongs to the forked worker.
_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database")
_connection = LastingConnection()


async def in_database(function: Callable[P, T], /, *arguments: P.args, **keywords: P.kwargs) -> T:
    """Run `function`, which may use the ORM, in the database thread.

    Calls run one after the other, in the order they were made. A cancelled caller does not undo a
    call that has begun.
    """
    call = partial(_connection.run, partial(function, *arguments, **keywords))
    return await asyncio.get_running_loop().run_in_executor(_thread, call)
