"""A bound on how long the supervisor waits for an answer of PostgreSQL.

The driver knows of connections that are gone. A server that is stuck, or a pooler before one that
is gone, keeps the connection and never answers.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any

from django.db import DatabaseError, connections

logger = logging.getLogger(__name__)

#: Then the connection is cut: in time to renew on another one the leases, which last 15 s.
ANSWER_MOST_SECONDS = 10.0
#: How often that is looked at, in seconds.
LOOK_SECONDS = 1.0


class Patience:
    """Held while the thread that made it waits for the default database."""

    def __init__(self) -> None:
        self._database = connections["default"]  # each thread has its own
        self._asked_at = float("inf")

    def start(self) -> None:
        """Start the thread that looks; it ends with the process. SQLite's waits have an end."""
        if self._database.vendor == "postgresql":
            self._database.execute_wrappers.append(self._ask_again)
            threading.Thread(target=self._main, name="patience", daemon=True).start()

    def __enter__(self) -> None:
        self._asked_at = time.monotonic()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._asked_at = float("inf")

    def _ask_again(
        self, execute: Callable[..., Any], sql: Any, parameters: Any, many: bool, context: Any
    ) -> Any:
        """Of many statements each has its own time."""
        if self._asked_at != float("inf"):
            self._asked_at = time.monotonic()
        return execute(sql, parameters, many, context)

    def tick(self, now: float) -> None:
        """Cut the connection if its time is over; who waits gets an OperationalError."""
        held = self._database.connection
        if held is None or now < self._asked_at + ANSWER_MOST_SECONDS:
            return  # connecting has a time-out of its own
        self._asked_at = float("inf")
        logger.error("no answer of the database for %g s; it is cut off", ANSWER_MOST_SECONDS)
        with (
            suppress(OSError, DatabaseError),
            self._database.wrap_database_errors,
            socket.socket(fileno=os.dup(held.fileno())) as copy,
        ):
            copy.shutdown(socket.SHUT_RDWR)

    def _main(self) -> None:
        while True:
            time.sleep(LOOK_SECONDS)
            self.tick(time.monotonic())
