"""Questions about resumable uploads, by name."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

if TYPE_CHECKING:
    from processing.models.resumable_upload import ResumableUpload  # noqa: F401

# The conditions of the partial indexes; SQLite wants a query to say them in the same words.
#: Nothing owns the bytes yet. In a column of its own: for "job is null" SQLite would take the job's
#: index, and read all parts of finals.
OPEN = Q(is_open=True)
#: Somebody works on it, or did when it died.
HELD = ~Q(holder="")
#: All its bytes are there, and a job is to be made of it.
WHOLE = Q(kind="single", length__isnull=False, length=F("offset"))


class ResumableUploadQuerySet(models.QuerySet["ResumableUpload"]):
    """Questions about resumable uploads."""

    def visible_to(self, caller: str, *, sees_all: bool) -> ResumableUploadQuerySet:
        """The uploads this caller may see: its own, or every one for staff and operators."""
        return self if sees_all else self.filter(caller=caller)

    def open(self) -> ResumableUploadQuerySet:
        """Uploads whose bytes no job and no final owns yet."""
        return self.filter(OPEN)

    def held_by(self, upload_id: uuid.UUID, holder: str) -> ResumableUploadQuerySet:
        """The upload, as long as this is its holder."""
        return self.filter(pk=upload_id, holder=holder)

    def free(self) -> ResumableUploadQuerySet:
        """Uploads that nobody holds, or that somebody held under a lease that is over."""
        return self.filter(Q(holder="") | Q(holder_expires_at__lt=Now()))

    def expired(self) -> ResumableUploadQuerySet:
        """Open uploads that were left alone for too long, or ended.

        Not those that are to be a job each and are said to have all their bytes.
        """
        return self.open().filter(expires_at__lte=Now()).exclude(WHOLE)

    def abandoned(self) -> ResumableUploadQuerySet:
        """Uploads whose holder has not renewed its lease."""
        return self.filter(HELD, holder_expires_at__lt=Now())

    def whole(self) -> ResumableUploadQuerySet:
        """Open uploads that are to be a job each and are said to have all their bytes."""
        return self.open().filter(WHOLE)

    def parts_of(self, stored_name: str) -> ResumableUploadQuerySet:
        """The parts of the final with that stored name, in their order."""
        return self.filter(final__stored_name=stored_name).order_by("part_number")

    def promised(self) -> ResumableUploadQuerySet:
        """Open uploads of a known length that have not all of their bytes."""
        return self.open().filter(length__gt=F("offset"))
