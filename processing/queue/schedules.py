"""The schedules that every installation has: its own cleaning."""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction
from django_q.models import Schedule

DEFAULT_SCHEDULES = {
    "purge jobs": "processing.queue.purge.purge_jobs",
    "sweep uploads": "processing.queue.sweep.sweep_uploads",
    "finish uploads": "processing.queue.resumable.abandoned.finish_abandoned",
}
#: Those that are not hourly, and how often they run, in minutes.
EVERY_MINUTES = {"finish uploads": 1}
#: What tells two schedules of one name apart, besides how far they are.
TELLING_FIELDS = (
    "func",
    "hook",
    "args",
    "kwargs",
    "schedule_type",
    "minutes",
    "repeats",
    "cron",
    "cluster",
    "intended_date_kwarg",
)
#: Rows of one name that are looked at.
MOST_ROWS = 1000
#: The key of PostgreSQL's advisory lock; any number that nothing else here uses.
LOCK_KEY = 7_075_746_001


def ensure_schedules(**kwargs: Any) -> None:
    """Make the schedules that are missing; one that was changed is left as it is.

    Of those that are there twice alike, as two migrations at once once made them, one stays.
    """
    with transaction.atomic():
        _wait_for_others()
        for name, function in DEFAULT_SCHEDULES.items():
            _remove_copies(name)
            if not Schedule.objects.filter(name=name).exists():
                Schedule.objects.create(name=name, func=function, **_find_frequency(name))


def _find_frequency(name: str) -> dict[str, Any]:
    if name in EVERY_MINUTES:
        return {"schedule_type": Schedule.MINUTES, "minutes": EVERY_MINUTES[name]}
    return {"schedule_type": Schedule.HOURLY}


def _wait_for_others() -> None:
    """Be the only one until the transaction ends; SQLite's, being immediate, is that anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK_KEY])


def _remove_copies(name: str) -> None:
    rows = Schedule.objects.filter(name=name).order_by("pk").values_list("pk", *TELLING_FIELDS)
    kept: set[tuple[Any, ...]] = set()
    copies = []
    for row_id, *telling in rows[:MOST_ROWS]:
        if tuple(telling) in kept:
            copies.append(row_id)
        kept.add(tuple(telling))
    Schedule.objects.filter(pk__in=copies).delete()
