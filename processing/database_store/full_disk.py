"""A database that says that its disk is full."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError

from processing.errors import DiskFull

#: The second is for the index of SQLite's log, which is a file that grows too.
SQLITE_CODES = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE})
#: disk_full in https://www.postgresql.org/docs/current/errcodes-appendix.html
POSTGRESQL_CODE = "53100"


@contextmanager
def raising_disk_full() -> Iterator[None]:
    """Turn what a database says when it finds no room into DiskFull."""
    try:
        yield
    except OperationalError as error:
        if _is_full(error):
            raise DiskFull from error
        raise


def _is_full(error: OperationalError) -> bool:
    cause = error.__cause__
    return (
        getattr(cause, "sqlite_errorcode", None) in SQLITE_CODES
        or getattr(cause, "sqlstate", None) == POSTGRESQL_CODE
    )
