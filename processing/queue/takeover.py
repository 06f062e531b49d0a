"""Taking over the tasks that django-q2's own ORM broker has in its table."""

from __future__ import annotations

import logging
import re
import uuid
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Length
from django.utils import timezone
from django_q.models import OrmQ
from django_q.signing import BadSignature

from processing.models import Job
from processing.queue.enqueue import PACKAGE_MAX_BYTES, insert_job, make_job
from processing.queue.package import read_package

logger = logging.getLogger(__name__)

#: Rows moved in one transaction; of their packages one at a time is in memory.
BATCH_ROWS = 100
#: Rows that this process names in the log, and does not look into again.
LEFT_MOST_ROWS = 10_000

TASK_ID = re.compile(r"[0-9a-f]{32}")

_left: set[int] = set()


def take_over_ormq(limit: int) -> int:
    """Make jobs of the tasks in django-q2's queue table; returns how many. Raises django.db.Error.

    Behind the batch in which `limit` is reached, more are left for the next time.

    Each moves in one transaction, so that it is there once, however many clusters do this at once.
    Its queue is its key, its place is its age. A task that a worker of the old cluster holds stays
    until its lock runs out: do this again and again. What was signed with another key, or cannot
    be read, stays too and is named in the log once.
    """
    count = last = 0
    while count < limit:
        ids = list(_find_free().filter(pk__gt=last).values_list("pk", flat=True)[:BATCH_ROWS])
        if not ids:
            break
        last = ids[-1]
        count += _move_rows([row_id for row_id in ids if row_id not in _left])
    if count:
        logger.info("took over %s tasks of django-q2's own queue table", count)
    return count


def _find_free() -> Any:
    """The rows that no worker of the old cluster holds, as a QuerySet."""
    return OrmQ.objects.filter(Q(lock=None) | Q(lock__lte=timezone.now())).order_by("pk")


def _move_rows(ids: list[int]) -> int:
    if not ids:
        return 0
    with transaction.atomic():
        held = _find_free().filter(pk__in=ids).select_for_update(skip_locked=True)
        rows = list(held.values_list("pk", Length("payload")))
        moved = [row_id for row_id, size in rows if _is_moved(row_id, size)]
        OrmQ.objects.filter(pk__in=moved).delete()
    return len(moved)


def _is_moved(row_id: int, size: int) -> bool:
    """Whether the row has become a job; one that cannot be is named in the log."""
    if size > PACKAGE_MAX_BYTES:
        return _leave(row_id, f"it has {size:,} characters")
    row = OrmQ.objects.get(pk=row_id)
    try:
        job = make_job(read_package(row.payload), package=row.payload, queue=row.key)
    except BadSignature:
        return _leave(row_id, "it was signed with another SECRET_KEY or cluster name")
    except (ValueError, TypeError) as error:
        return _leave(row_id, str(error))
    insert_job(**job | {"id": _choose_id(job["id"])}, run_after=row.lock)
    return True


def _choose_id(task_id: str) -> str:
    """The task's own id, unless it is of another form, or another job has it."""
    if TASK_ID.fullmatch(task_id) and not Job.objects.filter(pk=task_id).exists():
        return task_id
    return uuid.uuid4().hex


def _leave(row_id: int, reason: str) -> bool:
    if row_id not in _left and len(_left) < LEFT_MOST_ROWS:
        _left.add(row_id)
        logger.error("row %s of %s stays there: %s", row_id, OrmQ._meta.db_table, reason)
    return False
