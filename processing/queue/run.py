"""The one task that django-q2 runs for processors: find the source, call, keep the result."""

from __future__ import annotations

import json
import logging
import re
import time
from typing import Any
from uuid import UUID

from processing.models import Job, JobPayload
from processing.processors import Processor, get_processor
from processing.queue.claims import Delivery
from processing.queue.leases import keeper
from processing.queue.settle import INLINE_RESULT_MAX_CHARACTERS
from processing.uploads.store import ResultSink, StoredFile, open_stored, remove_stored

logger = logging.getLogger(__name__)

#: A job writes its progress at most this often, in seconds.
PROGRESS_EVERY_SECONDS = 1.0


class RunningJob:
    """What a processor gets as `job`."""

    def __init__(self, job: Job, delivery: Delivery) -> None:
        self.id = str(job.id)
        self.processor = job.processor
        self.attempt = job.attempts + 1
        self.filename = job.upload.filename if job.upload else ""
        self.source_bytes: int | None = job.source_bytes
        self._mine = Job.objects.filter(
            pk=job.pk, state=Job.State.RUNNING, deliveries=delivery.number
        )
        self._reported_at = float("-inf")

    def report_progress(self, fraction: float) -> None:
        """Show how far the job is, 0.0 to 1.0; more than one call a second is not written."""
        now = time.monotonic()
        if now - self._reported_at >= PROGRESS_EVERY_SECONDS:
            self._reported_at = now
            self._mine.update(progress=min(1.0, max(0.0, fraction)))

    def keep(self, **result_columns: Any) -> bool:
        """Write the result; False when the job is no longer ours."""
        return bool(self._mine.update(**result_columns))


class NotOurs(Exception):
    """The job was cancelled, settled or taken by another worker."""


def run_processor(name: str) -> Any:
    """Run the processor `name` for the job that this worker holds; returns its small result."""
    delivery = keeper.delivery
    if delivery is None:
        raise NotOurs("A processor runs only as a job of the queue.")
    job = Job.objects.select_related("upload").get(pk=delivery.job_id)
    if job.state != Job.State.RUNNING or job.deliveries != delivery.number:
        raise NotOurs(f"Job {job.id} is {job.state}, delivery {job.deliveries}.")
    processor = get_processor(name)
    running = RunningJob(job, delivery)
    if processor.accepts == "json":
        value = processor.function(running, _load_payload(job.id))
        return _keep_value(running, job.id, delivery, value)
    return _run_on_file(processor, job, running, delivery)


def _load_payload(job_id: UUID) -> Any:
    return json.loads(bytes(JobPayload.objects.get(job_id=job_id).body))


def _run_on_file(processor: Processor, job: Job, running: RunningJob, delivery: Delivery) -> Any:
    if job.upload is None:
        raise FileNotFoundError(f"The upload of job {job.id} is gone.")
    with open_stored(job.upload.stored_name) as source, ResultSink() as sink:
        value = processor.function(running, source, sink)
        stored = sink.commit(_result_name(job.id, delivery))
    if stored is None:
        return _keep_value(running, job.id, delivery, value)
    columns = {"result": _encode(value), "result_media_type": processor.media_type}
    return _keep_file(running, stored, columns, value)


def _keep_value(running: RunningJob, job_id: UUID, delivery: Delivery, value: Any) -> Any:
    text = _encode(value)
    if len(text) <= INLINE_RESULT_MAX_CHARACTERS:
        running.keep(result=text, result_media_type="application/json", result_name="")
        return value
    with ResultSink() as sink:
        sink.write(text.encode())
        stored = sink.commit(_result_name(job_id, delivery))
    if stored is None:
        raise RuntimeError("A large result was not stored.")
    columns = {"result": None, "result_media_type": "application/json"}
    return _keep_file(running, stored, columns, None)


def _keep_file(running: RunningJob, stored: StoredFile, columns: dict[str, Any], value: Any) -> Any:
    kept = running.keep(
        result_name=stored.name,
        result_bytes=stored.size_bytes,
        result_sha256=stored.sha256,
        **columns,
    )
    if not kept:
        remove_stored(stored.name)
        raise NotOurs(f"Job {running.id} was taken by another worker.")
    return value


def _encode(value: Any) -> str:
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise TypeError(f"A processor must return JSON without NaN or Infinity: {error}") from error


def _result_name(job_id: UUID, delivery: Delivery) -> str:
    return f"results/{job_id.hex[:2]}/{job_id.hex}-{delivery.number}"


def read_job_id(result_name: str) -> UUID | None:
    """The job whose result is stored under that name; None for the name of anything else."""
    # The store adds to a name that is taken.
    match = re.fullmatch(r"results/../([0-9a-f]{32})-\d+\w*", result_name)
    return UUID(match[1]) if match else None
