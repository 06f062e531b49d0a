"""Statements of our own in the SQL of the database that is used."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.db import connection
from django_q.models import Task

from processing.models import Job, QueuePause, ResumableUpload
from processing.models.states import PRIORITY_OFFSET_SECONDS
from processing.queue.clock import LATER, NOW

SKIP_LOCKED = {"sqlite": "", "postgresql": "FOR UPDATE SKIP LOCKED"}
#: The ids in a JSON list: one parameter, whatever their number.
CHOSEN_IDS = {
    "sqlite": "SELECT value FROM json_each(%(ids)s)",
    "postgresql": "SELECT value::uuid FROM json_array_elements_text(%(ids)s)",
}
SECONDS_UNTIL = {
    "sqlite": "(JULIANDAY({column}) - JULIANDAY('now')) * 86400",
    "postgresql": "EXTRACT(EPOCH FROM {column} - STATEMENT_TIMESTAMP())",
}


@cache
def make_statement(template: str, vendor: str) -> str:
    """`template` for the database `vendor`, with the names in braces filled in."""
    return template.format(
        jobs=Job._meta.db_table,
        pauses=QueuePause._meta.db_table,
        tasks=Task._meta.db_table,
        resumable=ResumableUpload._meta.db_table,
        now=NOW[vendor],
        # A job that is due stands nowhere else in the queue's order.
        nearest=make_later(vendor, str(min(PRIORITY_OFFSET_SECONDS.values()))),
        farthest=make_later(vendor, str(max(PRIORITY_OFFSET_SECONDS.values()))),
        lease_end=make_later(vendor, "%(lease_seconds)s"),
        skip_locked=SKIP_LOCKED[vendor],
        chosen_ids=CHOSEN_IDS[vendor],
        seconds_until_due=SECONDS_UNTIL[vendor].format(column="run_after"),
        seconds_until_started=SECONDS_UNTIL[vendor].format(column="started_at"),
    )


def make_later(vendor: str, seconds: str) -> str:
    """The moment so many seconds from now, where `seconds` is SQL."""
    return LATER[vendor].replace("%s", seconds)


def fetch_rows(template: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Run a statement and return its rows. Raises django.db.Error."""
    with connection.cursor() as cursor:
        cursor.execute(make_statement(template, connection.vendor), parameters)
        return list(cursor.fetchall())
