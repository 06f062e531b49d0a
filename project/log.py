"""Django's LOGGING: every line goes to stderr, where a platform collects it."""

from __future__ import annotations

from typing import Any


def describe_log(level: str) -> dict[str, Any]:
    """Our own lines from `level` on, those of others from WARNING on."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": "WARNING"},
        "loggers": {name: {"level": level} for name in ("processing", "django-q")},
    }
