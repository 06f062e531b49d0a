"""Finding the upload that a path names, if its caller may see it."""

from __future__ import annotations

from uuid import UUID

from processing.errors import NoSuchUpload, UploadExpired
from processing.models import ResumableUpload


def find(upload_id: str, caller: str, *, operates: bool) -> ResumableUpload:
    """The upload with that id. 1 statement.

    Raises NoSuchUpload when there is none or the caller may not see it, UploadExpired for one that
    was ended, or left unfinished for too long and is about to be removed.
    """
    try:
        key = UUID(upload_id)
    except ValueError as error:
        raise NoSuchUpload(f"{upload_id[:100]!r} is not the id of an upload.") from error
    visible = ResumableUpload.objects.visible_to(caller, sees_all=operates)
    upload: ResumableUpload | None = visible.filter(pk=key).order_by().first()
    if upload is None:
        raise NoSuchUpload
    if upload.has_expired:
        raise UploadExpired
    return upload
