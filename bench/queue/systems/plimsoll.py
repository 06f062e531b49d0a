"""Plimsoll: `manage.py qcluster` as it is, with a log level of WARNING like everyone.

And without its memory limits, for what those cost.
"""

from __future__ import annotations

from dataclasses import replace

from bench.queue.systems.stock import COUNT_TASKS
from bench.queue.systems.system import System, run_one

ENVIRONMENT = {
    "DJANGO_SETTINGS_MODULE": "project.settings",
    "SECRET_KEY": "only-for-measuring-" + "x" * 40,
    "ALLOWED_HOSTS": "127.0.0.1",
    "API_ALLOW_ANONYMOUS": "1",
    "DATABASE_URL": "{url}",
    "UPLOAD_SPOOL_DIR": "{folder}/spool",
    "LOG_LEVEL": "WARNING",
    # A queue of 200,000 is measured too.
    "QUEUE_MAX_JOBS": "1000000",
}

PLIMSOLL = System(
    name="plimsoll",
    title="Plimsoll",
    package="",
    interpreter="project",
    stores=("sqlite", "postgresql"),
    app="bench.queue.apps.async_task",
    workers=run_one("manage.py", "qcluster", "--seats", "{seats}"),
    results=COUNT_TASKS,
    environment=ENVIRONMENT,
)
UNLIMITED = replace(
    PLIMSOLL,
    name="plimsoll_unlimited",
    title="Plimsoll without memory limits",
    workers=run_one("-m", "bench.queue.unlimited", "qcluster", "--seats", "{seats}"),
    measures=("drain_2", "watch"),
)
