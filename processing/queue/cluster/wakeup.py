"""What tells a supervisor that its queue may have changed."""

from __future__ import annotations

from typing import Protocol

from django.db import connection

from processing.queue.cluster.cadence import choose_short_poll
from processing.queue.cluster.file_wakeup import FileWakeup
from processing.queue.cluster.notified_wakeup import NotifiedWakeup


class Wakeup(Protocol):
    """Used by one thread, with Django's default connection, outside of its transactions.

    The supervisor sleeps until `fileno()` is readable, but no longer than `poll_seconds()`. In
    either case it asks `has_changed()`, and looks at the queue if so. Where nothing is known for
    sure the answer is yes, and so is the first one after `open()`. Of other reasons to look, such
    as a job that becomes due, nothing is known here.
    """

    def open(self) -> None:
        """Begin, and begin again after a reconnect. Raises django.db.Error."""

    def close(self) -> None:
        """End; more than once is harmless."""

    def fileno(self) -> int | None:
        """A descriptor that is readable while `has_changed()` should be asked; None without one.

        It stays the same from `open()` to `close()`.
        """

    @property
    def has_sign(self) -> bool:
        """Whether a sign was read that `has_changed()` was not asked about since.

        Any query may read one off the connection, and then `fileno()` is not readable.
        """

    def has_changed(self) -> bool:
        """Read what came, without waiting for more, and say whether to look at the queue.

        Raises django.db.OperationalError or InterfaceError when the database is gone; then
        reconnect and `open()`.
        """

    def poll_seconds(self, idle_seconds: float) -> float:
        """How long to sleep from now at most, until `has_changed()` is to be asked again.

        `idle_seconds` is how long ago the last work was found. An answer of `has_changed()` may
        make it longer or shorter, so ask anew after each. It knows nothing of `has_sign`.
        """

    def mark_busy(self) -> None:
        """Say that jobs wait when others end: the queue is being looked at anyway.

        Does something once in half a second at most, and on PostgreSQL alone.
        """


class PolledWakeup:
    """A `Wakeup` for a database that gives no sign: the queue is looked at 50 times a second."""

    def open(self) -> None:
        """Nothing is held."""

    def close(self) -> None:
        """Nothing is held."""

    def fileno(self) -> int | None:
        """There is none."""
        return None

    @property
    def has_sign(self) -> bool:
        """Never."""
        return False

    def has_changed(self) -> bool:
        """Always."""
        return True

    def poll_seconds(self, idle_seconds: float) -> float:
        """2 to 20 ms."""
        return choose_short_poll(idle_seconds)

    def mark_busy(self) -> None:
        """Nobody would read it."""


def make_wakeup(queue: str) -> Wakeup:
    """The best wake-up that the default database has for a cluster of `queue`; not open yet."""
    if connection.vendor == "postgresql":
        return NotifiedWakeup(queue)
    # Only SQLite's connection has that method.
    if connection.vendor == "sqlite" and not connection.is_in_memory_db():  # type: ignore[attr-defined]
        return FileWakeup()
    return PolledWakeup()
