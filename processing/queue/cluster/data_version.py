"""SQLite's own counter of what others have committed."""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper


def read_data_version(connection: BaseDatabaseWrapper) -> tuple[Any, int]:
    """Compares unequal after another connection's commit, and after a reconnect.

    https://www.sqlite.org/pragma.html#pragma_data_version
    """
    connection.ensure_connection()
    # Django's cursor would double the time from a commit to our answer.
    with connection.wrap_database_errors:
        [(version,)] = connection.connection.execute("PRAGMA data_version").fetchall()
    return connection.connection, version
