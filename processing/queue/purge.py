"""Forgetting what has been kept for long enough."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django_q.models import Task

from processing.models import Job, Upload
from processing.uploads.store import remove_stored

#: Rows handled at once: each batch is one short transaction.
BATCH_ROWS = 500
#: Looked at again in the outer statement: an entry may be renewed meanwhile.
DELETE_CACHED = """
DELETE FROM {table} WHERE cache_key IN
    (SELECT cache_key FROM {table} WHERE expires < %s ORDER BY expires LIMIT %s) AND expires < %s
"""


@dataclass(frozen=True, kw_only=True)
class Purged:
    """How much was removed, or would be in a dry run."""

    jobs: int
    results: int
    tasks: int


def purge_jobs(
    *, older_than_seconds: float | None = None, dry_run: bool = False
) -> dict[str, int | bool]:
    """Remove expired results, and finished jobs with their sources and django-q2's task rows.

    What has expired in django-q2's cache goes too, uncounted: nobody can see it any more.
    Jobs go when they ended more than `older_than_seconds` ago, JOB_EXPIRES_SECONDS unless given.
    Returns counts as JSON: {"jobs", "results", "tasks", "dry_run"}.
    """
    now = timezone.now()
    age_seconds = settings.JOB_EXPIRES_SECONDS if older_than_seconds is None else older_than_seconds
    cutoff = now - timedelta(seconds=age_seconds)
    if dry_run:
        purged = _count(cutoff, now)
    else:
        tasks = _delete_tasks(cutoff)
        _delete_cached(now)
        purged = Purged(jobs=_delete_jobs(cutoff), results=_expire_results(now), tasks=tasks)
    return {
        "jobs": purged.jobs,
        "results": purged.results,
        "tasks": purged.tasks,
        "dry_run": dry_run,
    }


def _count(cutoff: datetime, now: datetime) -> Purged:
    results = Job.objects.with_expired_result(now).exclude(finished_at__lt=cutoff)
    return Purged(
        jobs=Job.objects.finished_before(cutoff).count(),
        results=results.count(),
        tasks=Task.objects.filter(stopped__lt=cutoff).count(),
    )


def _delete_jobs(cutoff: datetime) -> int:
    count = 0
    while deleted := _delete_some_jobs(cutoff):
        count += deleted
    return count


def _delete_some_jobs(cutoff: datetime) -> int:
    """Rows first: what is left after a crash is files without an owner, which the sweep finds."""
    with transaction.atomic():
        # Held until they are gone, so that none is retried and then deleted from the queue.
        finished = Job.objects.finished_before(cutoff).select_for_update(
            of=("self",), skip_locked=True
        )
        files = finished.select_related("upload").only("result_name", "upload__stored_name")
        jobs = list(files.order_by("created_at")[:BATCH_ROWS])
        uploads = [job.upload for job in jobs if job.upload is not None]
        # Django loads what it deletes for the sake of what refers to it; the key will do.
        Job.objects.filter(pk__in=[job.pk for job in jobs]).only("pk").delete()
        Upload.objects.filter(pk__in=[upload.pk for upload in uploads]).only("pk").delete()
    for name in [job.result_name for job in jobs] + [upload.stored_name for upload in uploads]:
        if name:
            remove_stored(name)
    return len(jobs)


def _expire_results(now: datetime) -> int:
    count = 0
    expired = Job.objects.with_expired_result(now).only("result_name")
    while jobs := list(expired.order_by("created_at")[:BATCH_ROWS]):
        ids = [job.pk for job in jobs]
        Job.objects.filter(pk__in=ids).update(result=None, result_name="")
        for job in jobs:
            if job.result_name:
                remove_stored(job.result_name)
        count += len(ids)
    return count


def _delete_tasks(cutoff: datetime) -> int:
    count = 0
    old = Task.objects.filter(stopped__lt=cutoff).order_by()  # there is no index to order by
    while ids := list(old.values_list("pk", flat=True)[:BATCH_ROWS]):
        Task.objects.filter(pk__in=ids).delete()
        count += len(ids)
    return count


def _delete_cached(now: datetime) -> None:
    moment = connection.ops.adapt_datetimefield_value(now)
    statement = DELETE_CACHED.format(table=settings.CACHES["queue"]["LOCATION"])
    deleted = BATCH_ROWS
    while deleted == BATCH_ROWS:
        with connection.cursor() as cursor:
            cursor.execute(statement, [moment, BATCH_ROWS, moment])
            deleted = cursor.rowcount
