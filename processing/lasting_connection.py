"""A database connection that a thread keeps, and checks before it relies on it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import close_old_connections

T = TypeVar("T")

#: A connection that was used less than this ago is not checked again, in seconds: on PostgreSQL the
#: check is a round trip.
CHECK_AFTER_IDLE_SECONDS = 1.0


class LastingConnection(threading.local):
    """Looks after each thread's connection: one that idled or failed is checked before its use."""

    def __init__(self) -> None:
        self._used_at = float("-inf")

    def run(self, call: Callable[[], T]) -> T:
        """What `call`, which may use the ORM, returns or raises in this thread."""
        if time.monotonic() - self._used_at >= CHECK_AFTER_IDLE_SECONDS:
            close_old_connections()
        self._used_at = float("-inf")
        result = call()
        self._used_at = time.monotonic()
        return result
