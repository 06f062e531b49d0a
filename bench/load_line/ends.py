"""What a system says became of its jobs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from bench.queue.stores.postgresql import connect
from bench.queue.stores.sqlite import LOCK_SECONDS


@dataclass(frozen=True, kw_only=True)
class Ends:
    """`final` has, for each job that has ended, "succeeded", or "failed" and the error's code."""

    final: dict[str, str]
    waiting_count: int
    """How many jobs that have not ended are still kept and would be run."""


def read_rows(url: str, statement: str) -> Iterator[tuple[Any, ...]]:
    """The rows that SQL selects in a SQLite or PostgreSQL database."""
    if url.startswith("sqlite:"):
        path = url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path, timeout=LOCK_SECONDS)) as database:
            yield from database.execute(statement)
        return
    with connect(url) as server:
        yield from server.execute(statement.encode())


def name_job(given: object) -> str:
    """The same name for a job's id in whatever form a database or an answer has it."""
    return str(given).replace("-", "")
