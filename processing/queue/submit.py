"""Putting a processor's work on the queue."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django_q.tasks import async_task

from processing.errors import IdempotencyMismatch
from processing.models import Job, JobPayload, Upload
from processing.processors import Processor
from processing.queue.broker import DatabaseBroker

RUN_PROCESSOR = "processing.queue.run.run_processor"
MIB = 1024 * 1024


def submit_json(
    processor: Processor, body: bytes, *, caller: str, idempotency_key: str | None
) -> UUID:
    """Queue `processor` to run on the JSON text `body`; returns the job's id.

    With an `idempotency_key` that this caller used before, it is that job's id. Raises
    IdempotencyMismatch when body or processor differ from then.
    """
    digest = hashlib.sha256(processor.name.encode() + b"\0" + body).hexdigest()
    columns = {
        "caller": caller,
        "source_bytes": len(body),
        "idempotency_key": idempotency_key,
        "request_sha256": digest,
    }
    try:
        with transaction.atomic():
            job_id = _enqueue(processor, columns)
            JobPayload.objects.create(job_id=job_id, body=body)
    except IntegrityError:
        if idempotency_key is None:
            raise
        return _find_same_request(caller, idempotency_key, digest)
    return job_id


def submit_upload(processor: Processor, upload: Upload, *, caller: str) -> UUID:
    """Save `upload` and queue `processor` to read it, both or neither; returns the job's id."""
    with transaction.atomic():
        upload.save(force_insert=True)
        columns = {"caller": caller, "source_bytes": upload.size_bytes, "upload": upload}
        return _enqueue(processor, columns)


def _enqueue(processor: Processor, columns: dict[str, Any]) -> UUID:
    columns = {"processor": processor.name, **columns}
    if processor.max_attempts is not None:
        columns["max_attempts"] = processor.max_attempts
    if processor.memory_limit_mb is not None:
        columns["memory_limit_bytes"] = int(processor.memory_limit_mb * MIB)
    options: dict[str, Any] = {
        "broker": DatabaseBroker.for_job(columns),
        "task_name": processor.name,
    }
    if processor.timeout_seconds is not None:
        options["timeout"] = processor.timeout_seconds
    return UUID(async_task(RUN_PROCESSOR, processor.name, q_options=options))


def _find_same_request(caller: str, idempotency_key: str, digest: str) -> UUID:
    job = Job.objects.with_key(caller, idempotency_key).only("id", "request_sha256").get()
    if job.request_sha256 != digest:
        raise IdempotencyMismatch
    return job.id
