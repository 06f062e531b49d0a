"""What the cluster survives, once more on PostgreSQL."""

from __future__ import annotations

from tests.postgresql_runs.again import run_again


def test_it_passes_on_postgresql() -> None:
    run_again(
        "survival",
        "tests/queue/survival",
        seconds=900,
    )
