"""Results that django-q2 keeps in its cache, and Iter's collating of them."""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction
from django_q.brokers import Broker, get_broker
from django_q.models import Task
from django_q.monitor import save_cached


def cache_task(task: dict[str, Any]) -> None:
    """Keep the result of a task with `cached`; collate its group where it is Iter's last.

    django-q2 reads the group's list, adds to it and writes it back: here only one process at a
    time does so, and once for each task.
    """
    broker = get_broker()
    group = task.get("group")
    with transaction.atomic():
        if group:
            _lock_group(f"{broker.list_key}:{group}")
        if not group or not _is_counted(broker, group, task["id"]):
            _save_here(task, broker)


def _save_here(task: dict[str, Any], broker: Broker) -> None:
    """django-q2 changes the task dict into its group's where it collates, and receivers see that.

    It closes the connection of a transaction before it writes a row, unless the task is a "sync"
    one.
    """
    was_sync = task.get("sync", False)
    task["sync"] = True
    save_cached(task, broker)
    task["sync"] = was_sync


def _lock_group(name: str) -> None:
    """Until the end of the transaction. SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(HASHTEXTEXTENDED(%s, 0))", [name])


def _is_counted(broker: Broker, group: str, task_id: str) -> bool:
    keys = broker.cache.get(f"{broker.list_key}:{group}:keys") or []
    return f"{broker.list_key}:{task_id}" in keys or Task.objects.filter(pk=group).exists()
