"""An upload that arrives in several requests: how far it is, who works on it, what became of it."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from processing.models.job import Job
from processing.models.resumable_upload_query import HELD, OPEN, ResumableUploadQuerySet

WITHOUT_OWNER = Q(job__isnull=True, final__isnull=True)


class Kind(models.TextChoices):
    """What becomes of the bytes: a job's source, a part of one, or one made of parts."""

    SINGLE = "single"
    PARTIAL = "partial"
    FINAL = "final"


class ResumableUpload(models.Model):
    """One upload of the tus protocol; its bytes are in STORAGES["uploads"] under `stored_name`.

    The name is the same before and after it is finished. A final has no file of its own: its bytes
    are those of its `parts`, in the order of their `part_number`. `metadata` is Upload-Metadata and
    `concatenation` Upload-Concat, as they were sent.

    Whoever works on it holds it under a lease: `holder` is empty where nobody does. `offset` is
    what its last holder said; the store knows better after a crash. `digest_state` is the SHA-256
    of the first `digest_offset` bytes, null where that cannot be kept. `provisional_from` is where
    bytes begin that are not known to be good: whoever takes the upload next goes back to it.

    It `is_open` until a job or a final owns its bytes; an open one goes at `expires_at`. One that
    is not open may have an `expires_at` too: it was ended then, and only its owner needs it still.
    """

    Kind = Kind

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    caller = models.CharField(max_length=64, blank=True, default="", db_default="")
    kind = models.CharField(max_length=7, choices=Kind.choices, default=Kind.SINGLE)
    filename = models.CharField(max_length=200)
    media_type = models.CharField(max_length=200, blank=True, default="", db_default="")
    metadata = models.TextField(blank=True, default="", db_default="")
    concatenation = models.TextField(blank=True, default="", db_default="")
    processor = models.CharField(max_length=100, blank=True, default="", db_default="")

    length = models.BigIntegerField(null=True)
    offset = models.BigIntegerField(default=0, db_default=0)
    stored_name = models.CharField(max_length=200, unique=True)
    digest_state = models.BinaryField(null=True)
    digest_offset = models.BigIntegerField(default=0, db_default=0)
    provisional_from = models.BigIntegerField(null=True)

    holder = models.CharField(max_length=100, blank=True, default="", db_default="")
    holder_expires_at = models.DateTimeField(null=True)
    is_wanted = models.BooleanField(default=False, db_default=False)

    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True)

    is_open = models.BooleanField(default=True, db_default=True)
    final = models.ForeignKey(
        "self", null=True, on_delete=models.CASCADE, related_name="parts", db_index=False
    )
    part_number = models.PositiveIntegerField(null=True)
    job = models.OneToOneField(
        Job, null=True, on_delete=models.CASCADE, related_name="resumable_upload"
    )

    objects: ClassVar = ResumableUploadQuerySet.as_manager()

    class Meta:
        indexes = (
            models.Index(name="resumable_open", fields=["expires_at"], condition=OPEN),
            models.Index(name="resumable_held", fields=["holder_expires_at"], condition=HELD),
            models.Index(name="resumable_newest", fields=["created_at", "id"]),
        )
        constraints = (
            models.UniqueConstraint(name="one_part_per_number", fields=["final", "part_number"]),
            models.CheckConstraint(
                name="offset_within_length",
                condition=Q(length__isnull=True) | Q(offset__lte=F("length")),
            ),
            models.CheckConstraint(
                name="open_until_owned",
                condition=Q(is_open=True) & WITHOUT_OWNER | Q(is_open=False) & ~WITHOUT_OWNER,
            ),
        )

    def __str__(self) -> str:
        return self.filename

    @property
    def has_expired(self) -> bool:
        """Whether it was ended, or left alone for too long; see UploadExpired."""
        return self.expires_at is not None and self.expires_at <= timezone.now()
