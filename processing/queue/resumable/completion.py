"""Making a job of an upload that has all its bytes: once, whoever does it and how often."""

from __future__ import annotations

import uuid
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from processing.errors import NoSuchUpload, UnknownProcessor, UploadLocked
from processing.models import ResumableUpload, Upload
from processing.processors import Processor, get_processor
from processing.queue.resumable.lock import NO_HOLD
from processing.queue.submit import queue_upload

#: What a row no longer needs once a job owns the bytes.
OWNED: dict[str, Any] = {
    **NO_HOLD,
    "is_open": False,
    "expires_at": None,
    "digest_state": None,
    "digest_offset": 0,
    "provisional_from": None,
}


class _Overtaken(Exception):
    """Another holds the upload, or it is complete."""


def complete(upload: ResumableUpload, holder: str, sha256: str) -> UUID:
    """Write the upload, its job and who owns the bytes, all or nothing, and let go; the job's id.

    For a single upload that is finished in the store. Whatever the queue's bounds say: it was
    admitted when it was created. Where it is complete already it is that job's id. Raises
    UploadLocked when another has it by now, NoSuchUpload when it is gone. One transaction of 3
    statements.
    """
    held = ResumableUpload.objects.held_by(upload.pk, holder).open()
    try:
        with transaction.atomic():
            job_id = enqueue(upload, sha256)
            if not held.update(**OWNED, job_id=job_id, offset=upload.length):
                raise _Overtaken
    except (_Overtaken, IntegrityError) as error:
        return _find_job(upload.pk, error)
    return job_id


def enqueue(upload: ResumableUpload, sha256: str) -> UUID:
    """Write the source and its job, in a transaction of the caller's; returns the job's id."""
    assert upload.length is not None, "it has all its bytes"
    source = Upload(
        id=uuid.uuid4(),
        filename=upload.filename,
        media_type=upload.media_type,
        size_bytes=upload.length,
        sha256=sha256,
        stored_name=upload.stored_name,
    )
    return queue_upload(find_processor(upload.processor), source, caller=upload.caller)


def find_processor(name: str) -> Processor:
    """The processor of that name; where there is none any more, one that fails with saying so.

    What was admitted becomes a job, which can be retried when the processor is back.
    """
    try:
        return get_processor(name)
    except UnknownProcessor:
        return Processor(name=name, function=_refuse, accepts="file")


def _refuse(job: Any, source: Any, sink: Any) -> None:
    raise UnknownProcessor(f"There is no processor {job.processor!r} any more.")


def _find_job(upload_id: UUID, error: Exception) -> UUID:
    """The job of an upload that another has completed."""
    jobs = ResumableUpload.objects.filter(pk=upload_id).values_list("job_id", flat=True)
    for job_id in jobs:
        if job_id is not None:
            return UUID(str(job_id))
        if isinstance(error, IntegrityError):
            raise error
        raise UploadLocked from error
    raise NoSuchUpload from error
