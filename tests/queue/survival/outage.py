"""Ways in which the database of a test can be away for a cluster, and for the cluster alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from django.db import connection

from tests.cluster import find_database_url
from tests.queue.survival.proxy import Proxy


class Outage(Protocol):
    """`url` is the DATABASE_URL for the cluster, which is told at once or waits in vain."""

    url: str
    is_told_at_once: bool

    def begin(self) -> None:
        """The database goes away."""

    def end(self) -> None:
        """It is back."""

    def close(self) -> None:
        """Leave nothing behind."""


class LockedFile:
    """SQLite: somebody else writes, without an end."""

    is_told_at_once = False

    def __init__(self, folder: Path) -> None:
        self.url = find_database_url()
        self._writer = sqlite3.connect(
            connection.settings_dict["NAME"], isolation_level=None, timeout=10
        )

    def begin(self) -> None:
        self._writer.execute("BEGIN EXCLUSIVE")

    def end(self) -> None:
        if self._writer.in_transaction:
            self._writer.execute("ROLLBACK")

    def close(self) -> None:
        self._writer.close()


class UnusableFile:
    """SQLite: what is at the path is no database; for a cluster that does not have it open yet."""

    is_told_at_once = True

    def __init__(self, folder: Path) -> None:
        self._path = folder / "link.sqlite3"
        self._other = folder / "other"
        self._other.write_text("This is no database." * 100)
        self.url = f"sqlite:///{self._path}"
        self.end()

    def begin(self) -> None:
        self._point_to(self._other)

    def end(self) -> None:
        self._point_to(Path(connection.settings_dict["NAME"]))

    def close(self) -> None:
        """Nothing is held."""

    def _point_to(self, target: Path) -> None:
        link = self._path.with_suffix(".new")
        link.symlink_to(target)
        link.replace(self._path)


def make_proxy() -> tuple[Proxy, str]:
    """A proxy before this test's PostgreSQL, and the DATABASE_URL that leads through it."""
    given = connection.settings_dict
    host, port = given["HOST"], int(given["PORT"] or 5432)
    proxy = Proxy(host, port)
    url = find_database_url().replace(f"{host}:{port}", f"127.0.0.1:{proxy.port}")
    assert url != find_database_url()
    return proxy, url


class RefusingServer:
    """PostgreSQL: connections break, and no new one is taken."""

    is_told_at_once = True

    def __init__(self, folder: Path) -> None:
        self._proxy, self.url = make_proxy()

    def begin(self) -> None:
        self._proxy.refuse()

    def end(self) -> None:
        self._proxy.admit()

    def close(self) -> None:
        self._proxy.release()
        self._proxy.refuse()


class SilentServer(RefusingServer):
    """PostgreSQL: connections stay, and nothing is answered."""

    is_told_at_once = False

    def begin(self) -> None:
        self._proxy.hold()

    def end(self) -> None:
        self._proxy.release()


AT_START = {
    "sqlite": [LockedFile, UnusableFile],
    "postgresql": [RefusingServer, SilentServer],
}
IN_BETWEEN = {"sqlite": [LockedFile], "postgresql": [RefusingServer, SilentServer]}


@contextmanager
def make_outage(kind: Callable[[Path], Outage], folder: Path) -> Iterator[Outage]:
    """An outage of that kind, which has not begun."""
    outage = kind(folder)
    try:
        yield outage
    finally:
        outage.close()
