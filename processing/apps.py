"""The Django app: what is connected when Django starts."""

from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_migrate


class ProcessingConfig(AppConfig):
    """Loads the processors, the system checks and the receivers of django-q2's signals."""

    name = "processing"
    verbose_name = "Jobs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from processing import checks  # noqa: F401  (registers itself)
        from processing.processors import load_processors
        from processing.queue import signals
        from processing.queue.schedules import ensure_schedules

        load_processors(settings.PROCESSOR_MODULES)
        signals.connect()
        post_migrate.connect(ensure_schedules, sender=self)
