"""Services that a machine may lack: a test that needs one skips, or fails where it must not."""

from __future__ import annotations

import os
from functools import cache

import psycopg
import pytest

POSTGRESQL_URL = "postgres://postgres@127.0.0.1:5432/postgres"


def require_postgresql() -> str:
    """The URL of a PostgreSQL server where databases may be made and dropped."""
    if reason := _find_no_postgresql():
        give_up(f"needs PostgreSQL at 127.0.0.1:5432 with the user postgres: {reason}")
    return POSTGRESQL_URL


def give_up(reason: str) -> None:
    """Skip the test, or fail it under REQUIRE_SERVICES=1."""
    if os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@cache
def _find_no_postgresql() -> str:
    try:
        psycopg.connect(POSTGRESQL_URL, connect_timeout=3).close()
    except psycopg.OperationalError as error:
        return str(error)
    return ""
