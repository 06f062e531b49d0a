"""Procrastinate on PostgreSQL: a worker with one job at a time for each seat."""

from __future__ import annotations

from bench.queue.systems.system import System, run_each

APP = "bench.queue.apps.procrastinate_app"

PROCRASTINATE = System(
    name="procrastinate",
    title="Procrastinate",
    package="procrastinate",
    interpreter="peers",
    stores=("postgresql",),
    app=APP,
    workers=run_each(
        *("-m", "procrastinate", "--app", f"{APP}.app", "--log-level", "warning"),
        *("worker", "--concurrency", "1"),
    ),
    results={
        "postgresql": "SELECT COUNT(*) FROM procrastinate_jobs WHERE status = 'succeeded'",
    },
)
