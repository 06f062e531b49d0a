"""Making the row of a new upload."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from processing.models import ResumableUpload
from processing.queue.resumable.lock import LEASE_SECONDS, after
from processing.uploads.store import make_source_name


def create(
    *,
    caller: str,
    kind: str = ResumableUpload.Kind.SINGLE,
    length: int | None,
    filename: str,
    media_type: str = "",
    metadata: str = "",
    concatenation: str = "",
    processor: str = "",
    holder: str = "",
) -> ResumableUpload:
    """Save a new upload, admitted before; it expires UPLOAD_EXPIRES_SECONDS from now. 1 statement.

    `length` is None while the client has not told it. With a `holder` it is taken from the start,
    for a request that brings bytes. Then, on a store thread, `get_store().begin(stored_name)`;
    where that fails the row is to be removed with `terminate`.
    """
    upload: ResumableUpload = ResumableUpload.objects.create(
        caller=caller,
        kind=kind,
        length=length,
        filename=filename,
        media_type=media_type,
        metadata=metadata,
        concatenation=concatenation,
        processor=processor,
        stored_name=make_source_name(),
        expires_at=timezone.now() + timedelta(seconds=settings.UPLOAD_EXPIRES_SECONDS),
        holder=holder,
        holder_expires_at=after(LEASE_SECONDS) if holder else None,
    )
    return upload
