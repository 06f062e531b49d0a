"""The store that is in the database, once more on PostgreSQL."""

from __future__ import annotations

from tests.postgresql_runs.again import run_again


def test_it_passes_on_postgresql() -> None:
    run_again(
        "stores",
        "tests/uploads/stores",
        "tests/database_store/test_writing.py",
        "-k",
        "database",
        seconds=600,
    )
