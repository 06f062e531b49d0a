"""The schedules that every installation has: its own cleaning."""

from __future__ import annotations

from typing import Any

from django_q.models import Schedule

DEFAULT_SCHEDULES = {
    "purge jobs": "processing.queue.purge.purge_jobs",
    "sweep uploads": "processing.queue.sweep.sweep_uploads",
}


def ensure_schedules(**kwargs: Any) -> None:
    """Make the hourly schedules that are missing; one that was changed is left as it is."""
    for name, function in DEFAULT_SCHEDULES.items():
        if not Schedule.objects.filter(name=name).exists():
            Schedule.objects.create(name=name, func=function, schedule_type=Schedule.HOURLY)
