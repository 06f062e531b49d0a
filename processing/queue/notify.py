"""Telling the clusters of a queue that there is something to do, on PostgreSQL.

A cluster that finds jobs waiting whenever others end looks again within milliseconds and says so in
`BusyQueue`; until that mark runs out nobody needs to tell it, and the enqueues are spared what
NOTIFY costs them. A cluster that waits for jobs does not say so: a notification is sooner there
than its next look.
"""

from __future__ import annotations

from django.db import connection

from processing.models import BusyQueue

#: Every queue's clusters listen to this channel; the payload is the name of the queue.
CHANNEL = "plimsoll_queue"

NOTIFY = """
CASE WHEN NOT EXISTS (
    SELECT 1 FROM {marks} AS mark
    WHERE mark.queue = {queue} AND mark.busy_until > clock_timestamp()
) THEN pg_notify('{channel}', {queue})::text END
"""
NOTIFY_BY_NAME = "SELECT {notification} FROM (SELECT %s::text AS queue) AS told"


def make_notification(queue: str) -> str:
    """An expression for PostgreSQL that notifies the clusters of a queue unless one is busy.

    `queue` is the column that has the queue's name, with its table's. What is sent is delivered
    when the transaction commits.
    """
    return NOTIFY.format(channel=CHANNEL, queue=queue, marks=BusyQueue._meta.db_table)


def make_notify_sql() -> str:
    """The same as a statement, whose parameter is the queue's name."""
    return NOTIFY_BY_NAME.format(notification=make_notification("told.queue"))


def notify_queue(queue: str) -> None:
    """Wake the clusters of `queue` when the transaction commits. Raises django.db.Error.

    Elsewhere than on PostgreSQL nothing is done: they see the commit itself.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(make_notify_sql(), [queue])
