"""PostgreSQL: a database for each measurement, copied from one that was prepared once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg

from bench.queue.stores.store import Kind, Store

CONNECT_SECONDS = 5


class PostgresqlStore(Store):
    def __init__(self, url: str) -> None:
        self.url = url
        self._connection: psycopg.Connection | None = None

    def count(self, question: str) -> int:
        if self._connection is None:
            self._connection = connect(self.url)
        row = self._connection.execute(question.encode()).fetchone()
        return int(row[0]) if row else 0

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


class Postgresql(Kind):
    """Databases named bench_PID_OWNER; the one that `url` names is only connected to."""

    name = "postgresql"
    title = "PostgreSQL"

    def __init__(self, url: str) -> None:
        self._url = url
        self._made: set[str] = set()

    def find_obstacle(self) -> str | None:
        try:
            connect(self._url).close()
        except psycopg.Error as error:
            return f"no PostgreSQL at {urlsplit(self._url).netloc}: {str(error).splitlines()[0]}"
        return None

    def describe(self) -> str:
        settings = ("server_version", "fsync", "synchronous_commit")
        with connect(self._url) as connection:
            version, *safety = (
                str(connection.execute(f"SHOW {name}".encode()).fetchone()[0])  # type: ignore[index]
                for name in settings
            )
        fsync, synchronous_commit = safety
        return (
            f"PostgreSQL {version.split()[0]} (fsync {fsync}, "
            f"synchronous_commit {synchronous_commit})"
        )

    @contextmanager
    def lend(self, owner: str, prepare: Callable[[str], None]) -> Iterator[Store]:
        name = f"bench_{os.getpid()}_{owner}"
        template = f"{name}_template"
        if template not in self._made:
            self._make_template(template, prepare)
        self._create(name, template)
        store = PostgresqlStore(self._locate(name))
        try:
            yield store
        finally:
            store.close()
            self._drop(name)

    def remove_all(self) -> None:
        for name in list(self._made):
            self._drop(name)

    def _make_template(self, name: str, prepare: Callable[[str], None]) -> None:
        self._create(name, "template1")
        try:
            prepare(self._locate(name))
        except BaseException:
            self._drop(name)
            raise

    def _locate(self, name: str) -> str:
        return urlsplit(self._url)._replace(path=f"/{name}").geturl()

    def _create(self, name: str, template: str) -> None:
        self._made.add(name)
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')

    def _drop(self, name: str) -> None:
        self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        self._made.discard(name)

    def _execute(self, statement: str) -> None:
        with connect(self._url) as connection:
            connection.execute(statement.encode())


def connect(url: str) -> psycopg.Connection:
    """A connection that commits each statement."""
    return psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_SECONDS)
