"""The tests of the queue, the models and the memory chart, once more on PostgreSQL."""

from __future__ import annotations

from tests.postgresql_runs.again import run_again


def test_it_passes_on_postgresql() -> None:
    run_again(
        "queue",
        "tests/queue",
        "tests/models",
        "tests/admin/test_memory.py",
        "--ignore=tests/queue/django_q2",
        "--ignore=tests/queue/survival",
        "--ignore=tests/queue/tasks_backend",
        seconds=600,
    )
