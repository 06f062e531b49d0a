"""Huey on SQLite: a process for each seat."""

from __future__ import annotations

from bench.queue.systems.system import System, run_one

APP = "bench.queue.apps.huey_app"

HUEY = System(
    name="huey",
    title="Huey",
    package="huey",
    interpreter="peers",
    stores=("sqlite",),
    app=APP,
    # --quiet shows errors alone, the nearest to WARNING that it has.
    workers=run_one(
        *("-m", "huey.bin.huey_consumer", f"{APP}.huey", "--quiet"),
        *("--worker-type", "process", "--workers", "{seats}"),
    ),
    results={"sqlite": "SELECT COUNT(*) FROM kv"},
)
