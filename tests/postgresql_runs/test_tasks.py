"""Django's tasks, once more on PostgreSQL."""

from __future__ import annotations

from tests.postgresql_runs.again import run_again


def test_it_passes_on_postgresql() -> None:
    run_again(
        "tasks",
        "tests/queue/tasks_backend",
        "--ignore=tests/queue/tasks_backend/test_interface.py",  # it asks no database
        seconds=600,
    )
