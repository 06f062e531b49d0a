"""Settings of a project with stock django-q2 on its ORM broker, all else as it comes."""

from __future__ import annotations

import os

from bench.queue.sites.database import read_databases

SECRET_KEY = "only-for-measuring-" + "x" * 40
DATABASES = read_databases()
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django_q"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True

Q_CLUSTER = {
    "name": "bench",
    "orm": "default",
    "workers": int(os.environ.get("BENCH_SEATS", "1")),
    # Plimsoll's limits: django-q2 wants a retry that is longer than the timeout.
    "timeout": 600,
    "retry": 660,
    # Every result is kept, as Plimsoll does; else each save reads all that were saved before.
    "save_limit": 0,
    "catch_up": False,
    "log_level": "WARNING",
}
