"""Celery on Redis, prefork."""

from __future__ import annotations

from bench.queue.systems.system import System, run_one

APP = "bench.queue.apps.celery_app"

CELERY = System(
    name="celery",
    title="Celery",
    package="celery",
    interpreter="peers",
    stores=("redis",),
    app=APP,
    workers=run_one(
        *("-m", "celery", "-A", APP, "worker", "--pool", "prefork"),
        *("--concurrency", "{seats}", "--loglevel", "WARNING"),
    ),
    results={"redis": "celery-task-meta-*"},
)
