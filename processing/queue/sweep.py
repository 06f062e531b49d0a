"""Removing files that nothing owns: left by a crash, or by a job that is gone."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import islice

from django.conf import settings
from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import Coalesce

from processing.models import Upload
from processing.queue.file_owners import find_owned
from processing.queue.resumable.expiry import remove_expired
from processing.uploads.spool_sweep import find_young_seconds, sweep_spool
from processing.uploads.store import iter_stored, remove_stored
from processing.uploads.walk import StoredEntry

#: Files looked up in the database at once.
BATCH_FILES = 500


def sweep_uploads(*, dry_run: bool = False) -> dict[str, int | bool]:
    """Remove spooled and stored files that no upload, job or result owns, and expired uploads.

    Stored files are those of the store, finished or not; spooled ones those of this machine, and
    each machine that receives uploads looks after its own. Safe while uploads and jobs run. Returns
    counts as JSON: {"uploads", "files", "bytes", "dry_run"}; the files are those beside the
    uploads' own.
    """
    spooled, spooled_bytes = sweep_spool(dry_run=dry_run)
    # A store that is away, or is not the one that was meant, ends it before a row is forgotten.
    stored, stored_bytes = _sweep_store(dry_run)
    uploads, upload_bytes = _sweep_rows(dry_run)
    unfinished, unfinished_bytes = remove_expired(dry_run=dry_run)
    return {
        "uploads": uploads + unfinished,
        "files": spooled + stored,
        "bytes": upload_bytes + unfinished_bytes + spooled_bytes + stored_bytes,
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


def _sweep_store(dry_run: bool) -> tuple[int, int]:
    cutoff = time.time() - find_young_seconds()
    files = freed_bytes = 0
    old = (stored for stored in iter_stored() if stored.modified_at < cutoff)
    for batch in _batches(old):
        owned = find_owned([stored.name for stored in batch])
        for stored in batch:
            if stored.name not in owned:
                files, freed_bytes = files + 1, freed_bytes + stored.size_bytes
                if not dry_run:
                    remove_stored(stored.name)
    return files, freed_bytes


def _batches(items: Iterable[StoredEntry]) -> Iterator[list[StoredEntry]]:
    remaining = iter(items)
    while batch := list(islice(remaining, BATCH_FILES)):
        yield batch
