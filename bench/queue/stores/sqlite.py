"""SQLite: a file for each measurement, copied from one that was prepared once."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bench.queue.stores.store import Kind, Store

#: For the lock of a database that is not in WAL mode.
LOCK_SECONDS = 20


class SqliteStore(Store):
    def __init__(self, path: Path) -> None:
        self.path = path
        self.url = f"sqlite:///{path}"

    def count(self, question: str) -> int:
        with closing(sqlite3.connect(self.path, timeout=LOCK_SECONDS)) as connection:
            number: int = connection.execute(question).fetchone()[0]
        return number


class Sqlite(Kind):
    name = "sqlite"
    title = "SQLite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find_obstacle(self) -> str | None:
        return None

    def describe(self) -> str:
        return f"SQLite {sqlite3.sqlite_version}"

    @contextmanager
    def lend(self, owner: str, prepare: Callable[[str], None]) -> Iterator[Store]:
        template = self._folder / f"{owner}-template.sqlite3"
        if not template.exists():
            draft = self._folder / f"{owner}-draft.sqlite3"
            prepare(f"sqlite:///{draft}")
            fold_wal(draft)
            draft.rename(template)
        path = self._folder / f"{owner}.sqlite3"
        shutil.copy(template, path)
        try:
            yield SqliteStore(path)
        finally:
            remove_database(path)

    def remove_all(self) -> None:
        """The folder is its owner's to remove."""


def fold_wal(path: Path) -> None:
    """Bring what is in the write-ahead log into the file, so that the file alone is enough."""
    with closing(sqlite3.connect(path, timeout=LOCK_SECONDS)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def remove_database(path: Path) -> None:
    """Remove the file and what SQLite keeps beside it."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
