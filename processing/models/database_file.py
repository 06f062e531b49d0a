"""Files of the upload store that are kept in rows."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

CHUNK_BYTES = 256 * 1024
"""A full chunk. Ten times less would make ten times as many transactions of a file, ten times more
would be held in memory by each of its writers."""


class DatabaseFile(models.Model):
    """One file, finished or not; its first `size_bytes` bytes are in its chunks, without a gap.

    What chunks hold behind that was given up and is on its way out. `writer` is the number of the
    one that may write to an unfinished file: whoever takes its place takes the next number.
    """

    name = models.CharField(max_length=200, unique=True)
    size_bytes = models.BigIntegerField(default=0, db_default=0)
    is_finished = models.BooleanField(default=False, db_default=False)
    writer = models.PositiveIntegerField(default=0, db_default=0)
    created_at = models.DateTimeField(default=timezone.now)
    modified_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name


class DatabaseChunk(models.Model):
    """The bytes of a file from `start` on, CHUNK_BYTES at most."""

    file = models.ForeignKey(
        DatabaseFile, on_delete=models.CASCADE, related_name="chunks", db_index=False
    )
    start = models.BigIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = (
            models.UniqueConstraint(name="one_chunk_per_start", fields=["file", "start"]),
        )

    def __str__(self) -> str:
        return f"chunk at {self.start} of file {self.file_id}"
