"""A file that was accepted: what a file processor reads."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.utils import timezone


class UploadQuerySet(models.QuerySet["Upload"]):
    """Questions about uploads."""

    def orphaned(self, older_than_seconds: float) -> UploadQuerySet:
        """Uploads that no job reads and that had this long to find one."""
        cutoff = timezone.now() - timedelta(seconds=older_than_seconds)
        return self.filter(job=None, created_at__lt=cutoff)


class Upload(models.Model):
    """One stored file; its bytes are in STORAGES["uploads"] under `stored_name`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    filename = models.CharField(max_length=200)
    media_type = models.CharField(max_length=200, blank=True)
    size_bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    stored_name = models.CharField(max_length=200, unique=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    objects: ClassVar = UploadQuerySet.as_manager()

    def __str__(self) -> str:
        return self.filename
