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
SELECT pg_notify('{channel}', told.queue) FROM (SELECT {queue}::text AS queue) AS told
WHERE NOT EXISTS (
    SELECT 1 FROM {marks} AS mark
    WHERE mark.queue = told.queue AND mark.busy_until > clock_timestamp()
)
"""


def make_notify_sql(queue: str = "%s") -> str:
    """A SELECT for PostgreSQL that notifies the clusters of a queue unless one is busy with it.

    `queue` is SQL for the queue's name and stands there once: a parameter, `%s` or `%(name)s`, or
    a scalar subquery in parentheses. Run it in the transaction that changes the queue, or as the
    outer query of a WITH that does: what it sends is delivered when that commits. It returns a
    row when it notified and none when it did not.
    """
    return NOTIFY.format(channel=CHANNEL, queue=queue, marks=BusyQueue._meta.db_table)


def notify_queue(queue: str) -> None:
    """Wake the clusters of `queue` when the transaction commits. Raises django.db.Error.

    Elsewhere than on PostgreSQL nothing is done: they see the commit itself.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(make_notify_sql(), [queue])
