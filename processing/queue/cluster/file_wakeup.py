"""The wake-up on an SQLite file: inotify tells at once, `PRAGMA data_version` tells for sure.

The event comes when a commit writes its last page; only then does SQLite publish it, after a sync
where one is due. A look in between sees nothing yet, so after an event the version is read again
after 1 ms, 2 ms, 4 ms and so on.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from typing import Any

from django.db import connection

from processing.queue.cluster.cadence import POLL_SECONDS, choose_short_poll
from processing.queue.cluster.data_version import read_data_version
from processing.queue.cluster.inotify import ANY_FILE, FolderWatch

logger = logging.getLogger(__name__)

#: The first wait of a commit that was seen being written.
SHORTEST_RECHECK_SECONDS = 0.001


class FileWakeup:
    """The supervisor's `Wakeup` where the database is a file."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._watch: FolderWatch | None = None
        self._names: set[str] = set()
        self._written_at = float("-inf")
        self._seen: tuple[Any, int] | None = None

    def open(self) -> None:
        """Watch the folder of the file to which the connection goes; without inotify, poll."""
        self.close()
        folder, name = os.path.split(_find_file())
        self._names = {name, f"{name}-wal", ANY_FILE}
        try:
            self._watch = FolderWatch(folder)
        except OSError as error:
            logger.warning("%s is not watched but polled: %s", folder, error)

    def close(self) -> None:
        """Stop watching; the next answer after another `open()` is yes."""
        watch, self._watch, self._seen = self._watch, None, None
        if watch is not None:
            watch.close()

    def fileno(self) -> int | None:
        """The descriptor of the folder's watch."""
        return None if self._watch is None else self._watch.fileno()

    @property
    def has_sign(self) -> bool:
        """Never: what was not asked for stays where it is."""
        return False

    def has_changed(self) -> bool:
        """Whether another connection has committed since the last answer, outside a transaction."""
        if self._watch is not None and self._watch.read_names() & self._names:
            self._written_at = self._clock()
        before, self._seen = self._seen, read_data_version(connection)
        return self._seen != before

    def poll_seconds(self, idle_seconds: float) -> float:
        """A short sleep without a watch; else as long as the last write is past, up to a bound."""
        if self._watch is None:
            return choose_short_poll(idle_seconds)
        past = self._clock() - self._written_at
        return min(max(past, SHORTEST_RECHECK_SECONDS), POLL_SECONDS)

    def mark_busy(self) -> None:
        """Do nothing: to tell of a commit costs its writer nothing here."""


def _find_file() -> str:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA database_list")
        files: dict[str, str] = {name: file for _, name, file in cursor.fetchall()}
    return files["main"]
