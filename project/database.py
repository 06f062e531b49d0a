"""How every process connects to the database."""

from __future__ import annotations

from typing import Any

SQLITE = "django.db.backends.sqlite3"

# IMMEDIATE takes SQLite's write lock when a transaction starts: a transaction that starts as a
# reader and then writes fails at once instead of waiting for the busy timeout.
SQLITE_OPTIONS: dict[str, Any] = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,  # seconds to wait for the write lock
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
}
# A server that is gone without a word is noticed within 5 s while connecting and within 30 s later,
# idle or waiting for an answer; Linux alone takes two hours for the idle one.
# https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
POSTGRESQL_OPTIONS: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,  # milliseconds
}


def add_options(database: dict[str, Any]) -> dict[str, Any]:
    """A DATABASES entry with what its engine needs; what its URL says comes first."""
    options = SQLITE_OPTIONS if database["ENGINE"] == SQLITE else POSTGRESQL_OPTIONS
    return {
        **database,
        "OPTIONS": options | database.get("OPTIONS", {}),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
    }
