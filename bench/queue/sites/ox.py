"""Settings of a project with django-ox, all else as it comes."""

from __future__ import annotations

from bench.queue.sites.database import read_databases

SECRET_KEY = "only-for-measuring-" + "x" * 40
DATABASES = read_databases()
INSTALLED_APPS = ["django.contrib.contenttypes", "django_tasks", "django_ox"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TASKS = {"default": {"BACKEND": "django_ox.backend.OxBackend"}}
