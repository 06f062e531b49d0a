"""What processes held, once a minute and whenever something was done about it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from processing.models.memory_sample_query import IS_ACTION, MemorySampleQuerySet


class MemorySample(models.Model):
    """One process at one moment, or what was done about memory then.

    A sample without an action is one of those taken each minute. With one, `action` says in a word
    what was done or found ("pause", "recycle", "leak", …), and `detail` in a sentence with the
    numbers. `used_bytes` is the process's own (its part of shared memory, and swap), `usage_bytes`
    what counts against the quota of its machine.
    """

    at = models.DateTimeField(default=timezone.now)
    host = models.CharField(max_length=100)
    type = models.CharField(max_length=10)
    pid = models.PositiveIntegerField()
    name = models.CharField(max_length=50)
    used_bytes = models.BigIntegerField()
    usage_bytes = models.BigIntegerField()
    quota_bytes = models.BigIntegerField()
    action = models.CharField(max_length=20, blank=True, default="", db_default="")
    detail = models.TextField(blank=True, default="", db_default="")

    objects: ClassVar = MemorySampleQuerySet.as_manager()

    class Meta:
        indexes = (
            models.Index(name="memory_sample_at", fields=["at"]),
            models.Index(name="memory_sample_action", fields=["at"], condition=IS_ACTION),
        )

    def __str__(self) -> str:
        return f"{self.action or 'sample'} of {self.type} {self.name} on {self.host}"
