"""The body of a JSON job."""

from __future__ import annotations

from django.db import models

from processing.models.job import Job


class JobPayload(models.Model):
    """A body as it was received; apart from the job, so that no query of the queue carries it."""

    job = models.OneToOneField(
        Job, primary_key=True, on_delete=models.CASCADE, related_name="payload"
    )
    body = models.BinaryField()

    def __str__(self) -> str:
        return f"payload of {self.job_id}"
