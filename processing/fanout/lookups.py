"""Host names looked up by the system, in threads that nobody has to wait for."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections import deque
from concurrent.futures import Future
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

#: Threads at once, in a process: as many names may hang, until the system's resolver gives them
#: up, before others wait for them. One that hangs takes 28 KiB (measured); none is kept.
MOST_THREADS = 32
#: A name is given up after this long, in seconds.
LOOKUP_SECONDS = 4.0

_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


class Lookups:
    """getaddrinfo for all event loops of a process, in the order asked.

    The system's call cannot be broken off: whoever gives up leaves its thread behind, which holds
    up neither the end of a loop nor of the process. A thread ends when nothing waits for one.
    """

    def __init__(self) -> None:
        self._begin_anew()
        os.register_at_fork(after_in_child=self._begin_anew)  # it has none of the threads

    def begin(self, host: str, port: int, family: int) -> Future[list[Any]]:
        """Rows of getaddrinfo, or its OSError. Raises OSError where there is no thread for it."""
        found: Future[list[Any]] = Future()
        with self._lock:
            self._start_thread()
            self._waiting.append((found, host, port, family))
        return found

    def _begin_anew(self) -> None:
        self._lock = threading.Lock()
        self._thread_count = 0
        self._waiting: deque[tuple[Future[list[Any]], str, int, int]] = deque()

    def _start_thread(self) -> None:
        if self._thread_count >= MOST_THREADS:
            return
        try:
            threading.Thread(target=self._work, name="lookup", daemon=True).start()
        except RuntimeError as error:
            if not self._thread_count:
                raise OSError("no thread can be started to look a name up") from error
        else:
            self._thread_count += 1

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._thread_count -= 1
                    return
                found, host, port, family = self._waiting.popleft()
            if not found.set_running_or_notify_cancel():
                continue
            try:
                rows = socket.getaddrinfo(
                    host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
                )
            except UnicodeError as error:
                found.set_exception(OSError(f"{host!r} cannot be looked up: {error}"))
            except BaseException as error:
                found.set_exception(error)
            else:
                found.set_result(rows)
            del found  # its error's traceback holds this frame


_lookups = Lookups()


class Resolver(AbstractResolver):
    """The system's resolver for aiohttp."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises OSError for a name that is not found, TimeoutError after LOOKUP_SECONDS."""
        async with asyncio.timeout(LOOKUP_SECONDS):
            rows = await asyncio.wrap_future(_lookups.begin(host, port, family))
        return [
            ResolveResult(
                hostname=host,
                host=address[0],
                port=address[1],
                family=found_family,
                proto=protocol,
                flags=_NUMERIC,
            )
            for found_family, _, protocol, _, address in rows
        ]

    async def close(self) -> None:
        """There is nothing to close."""
