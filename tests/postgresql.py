"""A PostgreSQL database of one's own, and what the server counts of its sessions."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from tests.needs import require_postgresql
from tests.service import DEFAULTS, make_environment, run_manage


@dataclass(frozen=True, kw_only=True)
class PostgreSQLDatabase:
    """A migrated database; it is asked through another one, so that asking is not counted."""

    name: str
    server_url: str

    @property
    def url(self) -> str:
        return self.server_url.rpartition("/")[0] + f"/{self.name}"

    def count_connections(self) -> int:
        """How many clients are connected now."""
        return self._count("SELECT COUNT(*) FROM pg_stat_activity WHERE datname = %s")

    def count_sessions(self) -> int:
        """How many sessions there were; one counts for sure once it has ended."""
        return self._count("SELECT sessions FROM pg_stat_database WHERE datname = %s")

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(sql, values).fetchall()

    def _count(self, sql: str) -> int:
        with psycopg.connect(self.server_url) as connection:
            [(count,)] = connection.execute(sql, [self.name])
        return int(count)


@contextmanager
def make_database() -> Iterator[PostgreSQLDatabase]:
    """Make and migrate a database, and drop it at the end."""
    url = require_postgresql()
    database = PostgreSQLDatabase(name=f"plimsoll_web_{os.getpid()}", server_url=url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {database.name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {database.name}")
        try:
            env = make_environment(**DEFAULTS, DATABASE_URL=database.url)
            done = run_manage("migrate", "-v0", env=env)
            assert done.returncode == 0, done.stderr
            yield database
        finally:
            connection.execute(f"DROP DATABASE IF EXISTS {database.name} WITH (FORCE)")
