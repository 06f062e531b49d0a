"""Pausing a queue: nothing of it is handed out until somebody resumes it; what runs goes on.

A pause is a row that every claim looks for, so it outlives a restart of everything else.
"""

from __future__ import annotations

from datetime import UTC

from django.db import transaction
from django_q.conf import Conf

from processing.models import QueuePause
from processing.queue.notify import notify_queue

#: No more pauses are listed: queues have a few names.
MOST_PAUSES = 100


def name_own_queue() -> str:
    """The queue that this project's jobs go to unless they name another."""
    return str(Conf.CLUSTER_NAME)


def pause_queue(queue: str, by: str) -> bool:
    """Pause `queue`; False when it was paused already, and then the pause stays whose it was.

    `by` tells people who did it; what of it does not fit the column is cut off.
    """
    who = by[: QueuePause._meta.get_field("paused_by").max_length]
    _, is_new = QueuePause.objects.get_or_create(queue=queue, defaults={"paused_by": who})
    return is_new


def resume_queue(queue: str) -> bool:
    """Hand out the jobs of `queue` again and wake its clusters; False when it was not paused."""
    with transaction.atomic():
        removed, _ = QueuePause.objects.filter(queue=queue).delete()
        if removed:
            notify_queue(queue)
    return bool(removed)


def find_pause(queue: str) -> QueuePause | None:
    """The pause of `queue`, or None when it is not paused."""
    return QueuePause.objects.filter(queue=queue).first()


def list_pauses() -> list[QueuePause]:
    """The pauses of all queues, by name."""
    return list(QueuePause.objects.order_by("queue")[:MOST_PAUSES])


def describe_pause(pause: QueuePause) -> str:
    """Such as "paused since 2026-01-31 12:00:00 UTC by ada"."""
    by = f" by {pause.paused_by}" if pause.paused_by else ""
    return f"paused since {pause.paused_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC{by}"
