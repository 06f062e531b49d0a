"""Host names looked up by the system, in threads that nobody has to wait for."""

from __future__ import annotations

import asyncio
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
        self._lock = threading.Lock()
        self._thread_count = 0
        self._waiting: deque[tuple[Future[list[Any]], str, int, int]] = deque()

    def begin(self, host: str, port: int, family: int) -> Future[list[Any]]:
        """Rows of getaddrinfo, or its OSError; RuntimeError where no thread can be started."""
        found: Future[list[Any]] = Future()
        with self._lock:
            if self._thread_count < MOST_THREADS:
                threading.Thread(target=self._work, name="lookup", daemon=True).start()
                self._thread_count += 1
            self._waiting.append((found, host, port, family))
        return found

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
            except BaseException as error:
                found.set_exception(error)
            else:
                found.set_result(rows)


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
