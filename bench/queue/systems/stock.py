"""Stock django-q2, with Plimsoll's DATABASES and with Django's own defaults."""

from __future__ import annotations

from bench.queue.systems.system import System, run_one

#: Only ours: clusters run schedules of their own.
COUNT_SQL = "SELECT COUNT(*) FROM django_q_task WHERE success AND func LIKE 'bench.queue.%'"
COUNT_TASKS = {"sqlite": COUNT_SQL, "postgresql": COUNT_SQL}

APP = "bench.queue.apps.async_task"
COMMAND = ("-m", "django", "qcluster")
ENVIRONMENT = {"DJANGO_SETTINGS_MODULE": "bench.queue.sites.stock"}

STOCK = System(
    name="stock",
    title="django-q2",
    package="django-q2",
    interpreter="peers",
    stores=("sqlite", "postgresql"),
    app=APP,
    workers=run_one(*COMMAND),
    results=COUNT_TASKS,
    environment=ENVIRONMENT,
)
STOCK_DEFAULTS = System(
    name="stock_defaults",
    title="django-q2, Django's default DATABASES",
    package="django-q2",
    interpreter="peers",
    stores=("sqlite",),
    app=APP,
    workers=run_one(*COMMAND),
    results=COUNT_TASKS,
    environment=ENVIRONMENT | {"BENCH_DATABASE_OPTIONS": "none"},
)
