"""Removing files that nothing owns: left by a crash, or by a job that is gone."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import islice

from django.conf import settings
from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import Coalesce

from processing.models import Job, Upload
from processing.processors import known_processors
from processing.queue.result_name import read_job_id
from processing.uploads.spool import iter_spooled, remove_spooled
from processing.uploads.store import iter_stored, remove_stored
from processing.uploads.walk import StoredEntry

#: A file this young may belong to an upload or a job that has not said so yet, in seconds. An
#: upload writes at least every BODY_STALL_SECONDS, a job's sink whenever its processor does.
YOUNG_SECONDS = 3600
#: Files looked up in the database at once.
BATCH_FILES = 500


def sweep_uploads(*, dry_run: bool = False) -> dict[str, int | bool]:
    """Remove spooled and stored files that no upload, job or result owns, and expired uploads.

    Safe while uploads and jobs run. Returns counts as JSON:
    {"uploads", "files", "bytes", "dry_run"}; the files are those beside the uploads' own.
    """
    uploads, upload_bytes = _sweep_rows(dry_run)
    files, file_bytes = _sweep_files(dry_run)
    return {
        "uploads": uploads,
        "files": files,
        "bytes": upload_bytes + file_bytes,
        "dry_run": dry_run,
    }


def _sweep_rows(dry_run: bool) -> tuple[int, int]:
    orphans: QuerySet[Upload] = Upload.objects.orphaned(settings.UPLOAD_EXPIRES_SECONDS)
    if dry_run:
        total = orphans.aggregate(count=Count("pk"), size_bytes=Coalesce(Sum("size_bytes"), 0))
        return total["count"], total["size_bytes"]
    count = freed_bytes = 0
    while uploads := list(orphans[:BATCH_FILES]):
        Upload.objects.filter(pk__in=[upload.pk for upload in uploads]).delete()
        for upload in uploads:
            remove_stored(upload.stored_name)
        count += len(uploads)
        freed_bytes += sum(upload.size_bytes for upload in uploads)
    return count, freed_bytes


def _sweep_files(dry_run: bool) -> tuple[int, int]:
    cutoff = time.time() - _young_seconds()
    files = freed_bytes = 0
    for spooled in iter_spooled():
        if spooled.modified_at < cutoff:
            files, freed_bytes = files + 1, freed_bytes + spooled.size_bytes
            if not dry_run:
                remove_spooled(spooled.name)
    old = (stored for stored in iter_stored() if stored.modified_at < cutoff)
    for batch in _batches(old):
        owned = _owned_names([stored.name for stored in batch])
        for stored in batch:
            if stored.name not in owned:
                files, freed_bytes = files + 1, freed_bytes + stored.size_bytes
                if not dry_run:
                    remove_stored(stored.name)
    return files, freed_bytes


def _young_seconds() -> float:
    """How old a file must be before nothing can be about to say that it owns it."""
    timeouts = [known.timeout_seconds or 0 for known in known_processors()]
    return max(YOUNG_SECONDS, settings.TASK_TIMEOUT_SECONDS, *timeouts)


def _owned_names(names: list[str]) -> set[str]:
    sources = Upload.objects.filter(stored_name__in=names).values_list("stored_name", flat=True)
    jobs = [job_id for name in names if (job_id := read_job_id(name))]
    results = Job.objects.filter(pk__in=jobs).values_list("result_name", flat=True)
    return {*sources, *results}


def _batches(items: Iterable[StoredEntry]) -> Iterator[list[StoredEntry]]:
    remaining = iter(items)
    while batch := list(islice(remaining, BATCH_FILES)):
        yield batch
