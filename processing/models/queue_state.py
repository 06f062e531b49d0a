"""What is known of a queue as a whole: that it is paused, that a cluster is busy with it."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class QueuePause(models.Model):
    """While this row is there, no job of the queue is handed out; those that run go on."""

    queue = models.CharField(max_length=100, primary_key=True)
    paused_at = models.DateTimeField(default=timezone.now)
    paused_by = models.CharField(max_length=150, blank=True)

    def __str__(self) -> str:
        return f"pause of {self.queue}"


class BusyQueue(models.Model):
    """Until `busy_until` a cluster looks at the queue by itself, so that nobody need wake it."""

    queue = models.CharField(max_length=100, primary_key=True)
    busy_until = models.DateTimeField()

    def __str__(self) -> str:
        return f"clusters of {self.queue}"
