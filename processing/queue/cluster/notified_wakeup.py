"""The wake-up on PostgreSQL: LISTEN on Django's connection, and BusyQueue's mark to spare NOTIFY.

While the mark stands no enqueue notifies, so the queue is looked at often until it has run out.
A transaction that saw the mark and commits later than that is found by the poll behind.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from django.db import DatabaseError, InterfaceError, connection

from processing.models import BusyQueue
from processing.queue.cluster.cadence import POLL_SECONDS, choose_short_poll
from processing.queue.notify import CHANNEL

if TYPE_CHECKING:  # a cluster on SQLite should not load it
    from psycopg import Connection, Notify

#: The mark says that we are busy for this long, and is renewed at most this often.
MARK_LASTS_SECONDS = 1.0
MARK_AGAIN_SECONDS = 0.5
#: The mark is outlived by the time that an enqueue that saw it may take to its commit.
LOOK_AFTER_MARK_SECONDS = MARK_LASTS_SECONDS + 0.5

MARK = """
INSERT INTO {marks} (queue, busy_until)
VALUES (%s, clock_timestamp() + %s * INTERVAL '1 second')
ON CONFLICT (queue) DO UPDATE SET busy_until = EXCLUDED.busy_until
"""


class NotifiedWakeup:
    """The supervisor's `Wakeup` on PostgreSQL; it lives on psycopg's connection of Django's."""

    def __init__(self, queue: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._queue = queue
        self._clock = clock
        self._listening: Connection | None = None
        self._fd: int | None = None
        self.has_sign = False
        self._looked_at = float("-inf")
        self._marked_at = float("-inf")

    def open(self) -> None:
        """Listen on Django's connection, outside a transaction. Raises django.db.Error."""
        self.close()
        connection.ensure_connection()
        self._listening = connection.connection
        # Any query may receive notifications, so that they are not all found by has_changed().
        self._listening.add_notify_handler(self._take)
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")
        self._fd = self._listening.fileno()
        self._looked_at = float("-inf")

    def close(self) -> None:
        """Stop listening; the descriptor is the connection's and stays open with it."""
        listening, self._listening, self._fd = self._listening, None, None
        if listening is None:
            return
        listening.remove_notify_handler(self._take)
        if listening is connection.connection and not listening.closed:
            # Without a handler psycopg would keep every notification.
            with suppress(DatabaseError), connection.cursor() as cursor:
                cursor.execute(f"UNLISTEN {CHANNEL}")

    def fileno(self) -> int | None:
        """The descriptor of the connection's socket, even after the connection was lost."""
        return self._fd

    def has_changed(self) -> bool:
        """Whether we were notified or a poll is due; runs no query.

        Raises django.db.OperationalError when the server is gone, and InterfaceError when Django
        has another connection by now and `open()` was not called since.
        """
        with connection.wrap_database_errors:
            self._receive()
        now = self._clock()
        is_due = now - self._looked_at >= POLL_SECONDS
        if not (self.has_sign or is_due or self._is_marked(now)):
            return False
        self.has_sign = False
        self._looked_at = now
        return True

    def poll_seconds(self, idle_seconds: float) -> float:
        """Short until our mark has surely run out, else until the poll behind is due."""
        now = self._clock()
        if self._is_marked(now):
            return choose_short_poll(idle_seconds)
        return max(self._looked_at + POLL_SECONDS - now, 0.0)

    def mark_busy(self) -> None:
        """Have enqueues send no NOTIFY for MARK_LASTS_SECONDS, outside a transaction."""
        if self._clock() - self._marked_at < MARK_AGAIN_SECONDS:
            return
        with connection.cursor() as cursor:
            statement = MARK.format(marks=BusyQueue._meta.db_table)
            cursor.execute(statement, [self._queue, MARK_LASTS_SECONDS])
        self._marked_at = self._clock()

    def _is_marked(self, now: float) -> bool:
        return now - self._marked_at < LOOK_AFTER_MARK_SECONDS

    def _receive(self) -> None:
        if self._listening is None or self._listening is not connection.connection:
            raise InterfaceError("Nobody listens on this connection.")
        pgconn = self._listening.pgconn
        pgconn.consume_input()
        # As many as one read of the socket brought.
        while (notice := pgconn.notifies()) is not None:
            self.has_sign |= notice.extra == self._queue.encode()

    def _take(self, notice: Notify) -> None:
        self.has_sign |= notice.payload == self._queue
