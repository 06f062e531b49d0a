"""Putting a job on the queue: one INSERT, in its caller's transaction, on the database's clock."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django_q.utils import get_func_repr

from processing.errors import TaskTooLarge
from processing.models import Job
from processing.models.states import (
    PRIORITY_OFFSET_SECONDS,
    SPARE_DELIVERIES,
    SYSTEM_CALLER,
    Priority,
)
from processing.queue.clock import LATER, NOW
from processing.queue.notify import make_notification

#: The signed text of one task. A cluster holds the packages of its seats, and unpacking one takes
#: several times its size: what is larger belongs into a file or a row that the task reads.
PACKAGE_MAX_BYTES = 16 * 1024 * 1024


def make_job(task: Mapping[str, Any], *, package: str, queue: str) -> dict[str, Any]:
    """What `insert_job` takes, of a django-q2 task and its signed `package`; all of it is JSON.

    The columns that come from elsewhere (processor, caller, priority …) may be put over it. Raises
    TaskTooLarge above PACKAGE_MAX_BYTES, and what `read_timeout` raises.
    """
    if len(package) > PACKAGE_MAX_BYTES:
        raise TaskTooLarge(
            f"The task takes {len(package):,} bytes with its arguments; the most is "
            f"{PACKAGE_MAX_BYTES:,}. Pass an id or a path instead of what it stands for."
        )
    return {
        "id": task["id"],
        "queue": queue,
        "name": str(task["name"])[:100],
        "function": str(get_func_repr(task["func"]))[:256],
        "caller": SYSTEM_CALLER,
        "package": package,
        "package_bytes": len(package),  # the signed text is ASCII
        "timeout_seconds": read_timeout(task),
        "max_attempts": 1 if task.get("ack_failure") else settings.TASK_MAX_ATTEMPTS,
    }


def insert_job(
    *, delay_seconds: float = 0.0, run_after: datetime | None = None, **columns: Any
) -> None:
    """Queue a job that is due in `delay_seconds`, or at `run_after` where that is given.

    `columns` are those of `make_job` and any other column of Job, as the database takes them: an
    id is hexadecimal text. Raises django.db.Error; the transaction around it is then to be rolled
    back, as after any failed statement of Django's.
    """
    offset_seconds = PRIORITY_OFFSET_SECONDS[columns.get("priority", Priority.NORMAL)]
    due: tuple[Any, Any] = (delay_seconds, delay_seconds + offset_seconds)
    if run_after is not None:
        adapt = connection.ops.adapt_datetimefield_value
        due = adapt(run_after), adapt(run_after + timedelta(seconds=offset_seconds))
    columns["delivery_limit"] = columns["max_attempts"] + SPARE_DELIVERIES
    sql = _write_insert(connection.vendor, tuple(columns), is_at_moment=run_after is not None)
    with transaction.mark_for_rollback_on_error(connection.alias), connection.cursor() as cursor:
        cursor.execute(sql, (*columns.values(), *due))


def read_timeout(task: Mapping[str, Any]) -> float | None:
    """The task's timeout in seconds; None for a task that may take for ever.

    Raises ValueError or TypeError for one that is no number.
    """
    timeout = task.get("timeout", settings.TASK_TIMEOUT_SECONDS)
    seconds = 0.0 if timeout is None else float(timeout)
    return seconds if 0 < seconds < math.inf else None


@cache
def _write_insert(vendor: str, names: tuple[str, ...], *, is_at_moment: bool) -> str:
    """The statement for a job with the columns `names`, and two parameters more for its times."""
    times = {"created_at": NOW[vendor]}
    times |= dict.fromkeys(("run_after", "order_at"), "%s" if is_at_moment else LATER[vendor])
    values = ", ".join([*["%s"] * len(names), *times.values()])
    table = Job._meta.db_table
    insert = f"INSERT INTO {table} ({', '.join([*names, *times])}) VALUES ({values})"  # noqa: S608
    if vendor == "postgresql":
        insert += f" RETURNING {make_notification(f'{table}.queue')}"
    return insert
