"""Ending an upload before it is complete, or its address afterwards."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from processing.errors import UploadLocked
from processing.models import ResumableUpload
from processing.models.resumable_upload_query import ResumableUploadQuerySet
from processing.queue.resumable.lock import NO_HOLD
from processing.uploads.store import remove_stored


def terminate(upload: ResumableUpload, holder: str) -> str | None:
    """End an upload that this holder holds; the name of the file to be removed from the store.

    None where a job or a final owns the bytes: they stay, and only the upload's address is gone.
    Raises UploadLocked when another has it by now.
    """
    held = ResumableUpload.objects.held_by(upload.pk, holder)
    with transaction.atomic():
        current = _lock(held, upload.pk)
        if current is None:
            raise UploadLocked
        if not current.is_open:
            held.update(**NO_HOLD, expires_at=Now())
            return None
        current.delete()
    return str(current.stored_name)


def remove_upload(upload_id: UUID, among: ResumableUploadQuerySet) -> int | None:
    """Remove an upload with its file if it is one of these open ones; its bytes, as far as noted.

    None where it is not. It may be held: whoever holds it finds it gone, and can write nothing
    more. This blocks for the store too.
    """
    with transaction.atomic():
        upload = _lock(among, upload_id)
        if upload is None:
            return None
        upload.delete()
    # The row first: what is left after a crash is a file without an owner.
    remove_stored(upload.stored_name)
    return upload.offset


def _lock(among: ResumableUploadQuerySet, upload_id: UUID) -> ResumableUpload | None:
    """The upload if it is one of these, as it is until the transaction ends."""
    return among.filter(pk=upload_id).order_by().select_for_update().first()
