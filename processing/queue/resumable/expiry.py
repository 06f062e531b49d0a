"""Removing uploads that were left unfinished for too long, and the parts of jobs that are gone."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Count, Sum
from django.db.models.functions import Coalesce

from processing.models import ResumableUpload
from processing.queue.resumable.termination import remove_upload

#: Uploads looked up at once.
BATCH_ROWS = 500


def remove_expired(*, dry_run: bool = False) -> tuple[int, int]:
    """Remove open uploads that nobody holds and whose time is over; how many, and their bytes."""
    expired = ResumableUpload.objects.expired().free().order_by()
    if dry_run:
        total = expired.aggregate(count=Count("pk"), size_bytes=Coalesce(Sum("offset"), 0))
        return total["count"], total["size_bytes"]
    count = freed_bytes = 0
    while sizes := _remove_some():
        count += len(sizes)
        freed_bytes += sum(sizes)
    return count, freed_bytes


def find_part_names(job_id: UUID) -> list[str]:
    """The stored names of the parts that this job reads; their rows go with the job."""
    parts = ResumableUpload.objects.filter(final__job=job_id)
    return list(parts.values_list("stored_name", flat=True))


def _remove_some() -> list[int]:
    """The bytes of each that was removed; one whose client is back meanwhile is not."""
    expired = ResumableUpload.objects.expired().free().order_by()
    ids = expired.values_list("pk", flat=True)[:BATCH_ROWS]
    sizes = [remove_upload(upload_id, expired) for upload_id in ids]
    return [size_bytes for size_bytes in sizes if size_bytes is not None]
