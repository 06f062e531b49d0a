"""Plimsoll: its web process with its own configuration and its defaults, on SQLite.

No worker runs: what is measured ends with the answer.
"""

from __future__ import annotations

from bench.load_line.systems.plimsoll import SETTINGS

COMMAND = ("-m", "gunicorn", "-c", "python:project.gunicorn_conf", "project.asgi")
MIGRATE = ("manage.py", "migrate", "--noinput")
ENVIRONMENT = SETTINGS | {
    "DJANGO_SETTINGS_MODULE": "project.settings",
    "DATABASE_URL": "{url}",
    "UPLOAD_SPOOL_DIR": "{folder}/spool",
    # One process, as for all of them.
    "WEB_CONCURRENCY": "1",
}
