"""Putting a processor's work on the queue."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django_q.tasks import async_task

from processing.errors import IdempotencyMismatch
from processing.models import Job, JobPayload, Upload
from processing.processors import Processor
from processing.queue.broker import DatabaseBroker
from processing.queue.options import JobOptions

RUN_PROCESSOR = "processing.queue.run.run_processor"
MIB = 1024 * 1024

AS_DECLARED = JobOptions()


def submit_json(
    processor: Processor,
    body: bytes,
    *,
    caller: str,
    idempotency_key: str | None,
    options: JobOptions = AS_DECLARED,
) -> UUID:
    """Queue `processor` to run on the JSON text `body`; returns the job's id.

    With an `idempotency_key` that this caller used before, it is that job's id. Raises
    IdempotencyMismatch when body, processor or options differ from then.
    """
    digest = _make_digest(processor, body, options)
    columns = {
        "caller": caller,
        "source_bytes": len(body),
        "idempotency_key": idempotency_key,
        "request_sha256": digest,
    }
    try:
        with transaction.atomic():
            job_id = _enqueue(processor, columns, options)
            JobPayload.objects.create(job_id=job_id, body=body)
    except IntegrityError:
        if idempotency_key is None:
            raise
        return _find_same_request(caller, idempotency_key, digest)
    return job_id


def submit_upload(
    processor: Processor, upload: Upload, *, caller: str, options: JobOptions = AS_DECLARED
) -> UUID:
    """Save `upload` and queue `processor` to read it, both or neither; returns the job's id."""
    with transaction.atomic():
        return queue_upload(processor, upload, caller=caller, options=options)


def queue_upload(
    processor: Processor, upload: Upload, *, caller: str, options: JobOptions = AS_DECLARED
) -> UUID:
    """The same in a transaction of the caller's."""
    columns = {"caller": caller, "source_bytes": upload.size_bytes, "upload_id": upload.pk.hex}
    upload.save(force_insert=True)
    return _enqueue(processor, columns, options)


def _enqueue(processor: Processor, columns: dict[str, Any], options: JobOptions) -> UUID:
    given = {"processor": processor.name, "priority": processor.priority, **columns}
    if processor.max_attempts is not None:
        given["max_attempts"] = processor.max_attempts
    if processor.memory_limit_mb is not None:
        given["memory_limit_bytes"] = int(processor.memory_limit_mb * MIB)
    q_options: dict[str, Any] = {
        "broker": DatabaseBroker.for_job(given | options.given),
        "task_name": processor.name,
    }
    if processor.timeout_seconds is not None:
        q_options["timeout"] = processor.timeout_seconds
    return UUID(async_task(RUN_PROCESSOR, processor.name, q_options=q_options))


def _make_digest(processor: Processor, body: bytes, options: JobOptions) -> str:
    """Of the request as it was made, so that the same one again is the same."""
    asked = "".join(f"?{name}={value}" for name, value in asdict(options).items() if value)
    return hashlib.sha256(f"{processor.name}{asked}".encode() + b"\0" + body).hexdigest()


def _find_same_request(caller: str, idempotency_key: str, digest: str) -> UUID:
    job = Job.objects.with_key(caller, idempotency_key).only("id", "request_sha256").get()
    if job.request_sha256 != digest:
        raise IdempotencyMismatch
    return job.id
