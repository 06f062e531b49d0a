"""Sharing SQLite's one write lock with those who enqueue.

Who waits for the lock looks for it after 1, 2, 5, 10 … ms (sqliteDefaultBusyCallback in SQLite's
main.c). A supervisor that takes it again at once would be found holding it time after time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from processing.queue.cluster.data_version import read_data_version

#: Others are thought to be writing for so long after their last commit, in seconds.
OTHERS_SECONDS = 1.0
#: The lock is left free for so many times as long as it was held…
FREE_SHARE = 2.0
#: …but no longer than this, in seconds.
FREE_MOST_SECONDS = 0.05


class Courtesy:
    """Says until when the lock is to be left alone; other databases have none."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.free_until = 0.0
        self._clock = clock
        self._seen: tuple[Any, int] | None = None
        self._others_until = float("-inf")

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Around a transaction that writes. Raises what that raises, and django.db.Error."""
        began_at = self._clock()
        yield
        if connection.vendor == "sqlite":
            self._notice_others()
            now = self._clock()
            held_seconds = now - began_at if now < self._others_until else 0.0
            self.free_until = now + min(FREE_SHARE * held_seconds, FREE_MOST_SECONDS)

    def _notice_others(self) -> None:
        before, self._seen = self._seen, read_data_version(connection)
        if before is not None and self._seen != before:
            self._others_until = self._clock() + OTHERS_SECONDS
