"""Forgetting what has been kept for long enough."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django_q.models import Task

from processing.models import Job, MemorySample, Upload
from processing.queue.resumable.expiry import find_part_names
from processing.uploads.joined_stream import is_joined
from processing.uploads.store import remove_stored

#: Rows handled at once: each batch is one short transaction.
BATCH_ROWS = 500
#: With so many parts of uploads a batch is full: their rows are loaded to be deleted, 0.7 KB each.
BATCH_PARTS = 1000
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
    samples: int


def purge_jobs(
    *, older_than_seconds: float | None = None, dry_run: bool = False
) -> dict[str, int | bool]:
    """Remove expired results, and finished jobs with their sources and django-q2's task rows.

    What has expired in django-q2's cache goes too, uncounted: nobody can see it any more.
    Jobs go when they ended more than `older_than_seconds` ago, JOB_EXPIRES_SECONDS unless given,
    and memory samples when they were taken so long ago.
    Returns counts as JSON: {"jobs", "results", "tasks", "samples", "dry_run"}.
    """
    now = timezone.now()
    age_seconds = settings.JOB_EXPIRES_SECONDS if older_than_seconds is None else older_than_seconds
    cutoff = now - timedelta(seconds=age_seconds)
    purged = _count(cutoff, now) if dry_run else _purge(cutoff, now)
    return {**asdict(purged), "dry_run": dry_run}


def _count(cutoff: datetime, now: datetime) -> Purged:
    results = Job.objects.with_expired_result(now).exclude(finished_at__lt=cutoff)
    return Purged(
        jobs=Job.objects.finished_before(cutoff).count(),
        results=results.count(),
        tasks=Task.objects.filter(stopped__lt=cutoff).count(),
        samples=MemorySample.objects.older_than(cutoff).count(),
    )


def _purge(cutoff: datetime, now: datetime) -> Purged:
    # There is no index to order the tasks by.
    tasks = _delete_in_batches(Task.objects.filter(stopped__lt=cutoff).order_by())
    samples = _delete_in_batches(MemorySample.objects.older_than(cutoff).order_by("at"))
    _delete_cached(now)
    jobs = _delete_jobs(cutoff)
    return Purged(jobs=jobs, results=_expire_results(now), tasks=tasks, samples=samples)


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
        jobs, part_names = _take_with_parts(list(files.order_by("created_at")[:BATCH_ROWS]))
        uploads = [job.upload for job in jobs if job.upload is not None]
        names = [job.result_name for job in jobs] + [upload.stored_name for upload in uploads]
        names += part_names
        # Django loads what it deletes for the sake of what refers to it; the key will do.
        Job.objects.filter(pk__in=[job.pk for job in jobs]).only("pk").delete()
        Upload.objects.filter(pk__in=[upload.pk for upload in uploads]).only("pk").delete()
    for name in names:
        if name:
            remove_stored(name)
    return len(jobs)


def _take_with_parts(jobs: list[Job]) -> tuple[list[Job], list[str]]:
    """The first jobs, as many as BATCH_PARTS allows, and the stored names of their parts."""
    names: list[str] = []
    for count, job in enumerate(jobs, start=1):
        if job.upload is not None and is_joined(job.upload.stored_name):
            names += find_part_names(job.pk)
        if len(names) >= BATCH_PARTS:
            return jobs[:count], names
    return jobs, names


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


def _delete_in_batches(old: QuerySet[Any]) -> int:
    count = 0
    while ids := list(old.values_list("pk", flat=True)[:BATCH_ROWS]):
        old.model.objects.filter(pk__in=ids).delete()
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
