"""Dramatiq on Redis: a process with one thread for each seat."""

from __future__ import annotations

from bench.queue.systems.system import System, run_one

APP = "bench.queue.apps.dramatiq_app"

DRAMATIQ = System(
    name="dramatiq",
    title="Dramatiq",
    package="dramatiq",
    interpreter="peers",
    stores=("redis",),
    app=APP,
    # It has no option for WARNING; without its own logging, warnings are what Python prints.
    workers=run_one(
        *("-m", "dramatiq", "--processes", "{seats}", "--threads", "1", "--skip-logging", APP),
    ),
    results={"redis": "dramatiq-results:*"},
)
