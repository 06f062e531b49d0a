"""Calling a processor with what its job reads."""

from __future__ import annotations

import json
from typing import Any, BinaryIO

from processing.models import Job, JobPayload, ResumableUpload
from processing.processors import Processor
from processing.uploads.joined_stream import Part, is_joined, open_joined
from processing.uploads.store import open_stored


class JobHandle:
    """What a processor gets as `job`; its progress goes nowhere."""

    def __init__(self, job: Job) -> None:
        self.id = str(job.id)
        self.processor = job.processor
        self.attempt = job.attempts + 1
        self.filename = job.upload.filename if job.upload else ""
        self.source_bytes = job.source_bytes if job.upload else None

    def report_progress(self, fraction: float) -> None:
        """Show how far the job is, 0.0 to 1.0."""


def call_processor(processor: Processor, job: Job, handle: JobHandle, sink: Any) -> Any:
    """What the processor returns for `job`, whose upload it may write a result of to `sink`.

    Raises what the processor raises, and FileNotFoundError or JobPayload.DoesNotExist where there
    is nothing to read any more.
    """
    if processor.accepts == "json":
        body = JobPayload.objects.get(job_id=job.id).body
        return processor.function(handle, json.loads(bytes(body)))
    with open_source(job) as source:
        return processor.function(handle, source, sink)


def open_source(job: Job) -> BinaryIO:
    """The file that `job` reads, in one piece or in parts. Raises FileNotFoundError."""
    if job.upload is None:
        raise FileNotFoundError(f"The upload of job {job.id} is gone.")
    if is_joined(job.upload.stored_name):
        return open_joined(_find_parts(job.upload.stored_name))
    return open_stored(job.upload.stored_name)


def _find_parts(stored_name: str) -> list[Part]:
    parts = ResumableUpload.objects.parts_of(stored_name).values_list("stored_name", "offset")
    found = [Part(name, size_bytes) for name, size_bytes in parts]
    if not found:
        raise FileNotFoundError(f"The parts of {stored_name} are gone.")
    return found
