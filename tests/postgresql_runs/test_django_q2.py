"""What code written for django-q2 expects, once more on PostgreSQL."""

from __future__ import annotations

from tests.postgresql_runs.again import run_again


def test_it_passes_on_postgresql() -> None:
    run_again(
        "django_q2",
        "tests/queue/django_q2",
        seconds=600,
    )
