"""Services that a machine may lack: a test that needs one skips, or fails where it must not."""

from __future__ import annotations

import os
import shutil
from functools import cache
from typing import NoReturn

import psycopg
import pytest

POSTGRESQL_URL = "postgres://postgres@127.0.0.1:5432/postgres"


def require_postgresql() -> str:
    """The URL of a PostgreSQL server where databases may be made and dropped."""
    if reason := _find_no_postgresql():
        give_up(f"needs PostgreSQL at 127.0.0.1:5432 with the user postgres: {reason}")
    return POSTGRESQL_URL


def require_program(name: str) -> str:
    """The path of a program of that name."""
    path = shutil.which(name)
    if path is None:
        give_up(f"needs the program {name}")
    return path


def require_node() -> None:
    """Node and npm, for clients that are written in JavaScript."""
    for name in ("node", "npm"):
        require_program(name)


def require_chromium() -> str:
    """The path of a Chromium that Playwright can drive."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    give_up("needs Chromium: apt-get install chromium")


def give_up(reason: str) -> NoReturn:
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
