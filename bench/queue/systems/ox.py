"""django-ox: a process with one thread for each seat."""

from __future__ import annotations

from bench.queue.systems.system import System, run_one

COUNT_SQL = "SELECT COUNT(*) FROM django_ox_oxtask WHERE status = 'SUCCESSFUL'"

OX = System(
    name="ox",
    title="django-ox",
    package="django-ox",
    interpreter="ox",
    stores=("sqlite", "postgresql"),
    app="bench.queue.apps.ox_app",
    # With a verbosity of 1 it would log every task; with 0, Python's own WARNING holds.
    workers=run_one(
        *("-m", "django", "ox_worker", "--processes", "{seats}", "--concurrency", "1"),
        *("--verbosity", "0"),
    ),
    results={"sqlite": COUNT_SQL, "postgresql": COUNT_SQL},
    environment={"DJANGO_SETTINGS_MODULE": "bench.queue.sites.ox"},
)
