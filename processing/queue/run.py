"""The one task that django-q2 runs for processors: find the source, call, keep the result."""

from __future__ import annotations

import json
import logging
import time
from typing import Any

from django.db import InterfaceError, OperationalError, connection

from processing.models import Job
from processing.processors import get_processor
from processing.queue.claims import Delivery
from processing.queue.cluster.report import INLINE_RESULT_MAX_CHARACTERS
from processing.queue.current import current
from processing.queue.processor_call import JobHandle, call_processor
from processing.queue.result_name import make_result_name
from processing.uploads.store import ResultSink, StoredFile, remove_stored

logger = logging.getLogger(__name__)

#: A job writes its progress at most this often, in seconds.
PROGRESS_EVERY_SECONDS = 1.0

JSON_MEDIA_TYPE = "application/json"


class NotOurs(Exception):
    """The job was cancelled, settled or taken by another worker."""


class RunningJob(JobHandle):
    """The handle of a job that runs: its progress is written."""

    def __init__(self, job: Job, delivery: Delivery) -> None:
        super().__init__(job)
        self._delivery = delivery
        self._reported_at = float("-inf")

    def report_progress(self, fraction: float) -> None:
        """Show how far the job is, 0.0 to 1.0; more than one call a second is not written.

        Progress that cannot be written is no reason for a task to fail.
        """
        now = time.monotonic()
        if now - self._reported_at < PROGRESS_EVERY_SECONDS:
            return
        self._reported_at = now
        try:
            self._write(progress=min(1.0, max(0.0, fraction)))
        except (OperationalError, InterfaceError) as error:
            logger.warning("the progress of job %s was not written: %s", self.id, error)
            connection.close()

    def _write(self, **columns: Any) -> bool:
        held = Job.objects.held_by(self._delivery.job_id, self._delivery.number)
        return bool(held.update(**columns))


def run_processor(name: str) -> Any:
    """Run the processor `name` for the job that this worker holds; returns its small result."""
    delivery = current.delivery
    if delivery is None:
        raise NotOurs("A processor runs only as a job of the queue.")
    held = Job.objects.held_by(delivery.job_id, delivery.number)
    job = held.select_related("upload").first()
    if job is None:
        raise NotOurs(f"Delivery {delivery} is not the one that runs.")
    processor = get_processor(name)
    with ResultSink() as sink:
        text = _encode(call_processor(processor, job, RunningJob(job, delivery), sink))
        stored = sink.commit(make_result_name(delivery))
    if stored is None:
        return _keep_text(text, delivery)
    _keep_file(stored, text, processor.media_type)
    return json.loads(text)


def _keep_text(text: str, delivery: Delivery) -> Any:
    """Keep a JSON result on the job, or in the store when it is large.

    Returns what django-q2 carries of it: plain JSON, which always pickles, or None.
    """
    if len(text) <= INLINE_RESULT_MAX_CHARACTERS:
        current.result_columns = {"result": text, "result_media_type": JSON_MEDIA_TYPE}
        return json.loads(text)
    with ResultSink() as sink:
        sink.write(text.encode())
        stored = sink.commit(make_result_name(delivery))
    assert stored is not None, "the text is not empty"
    _keep_file(stored, None, JSON_MEDIA_TYPE)
    return None


def _keep_file(stored: StoredFile, text: str | None, media_type: str) -> None:
    """Keep a stored result, with the small JSON `text` beside it; or remove it when that fails."""
    try:
        if text is not None and len(text) > INLINE_RESULT_MAX_CHARACTERS:
            raise ValueError(
                f"A processor that writes to its sink may return {INLINE_RESULT_MAX_CHARACTERS} "
                f"characters of JSON beside it; this one returned {len(text)}."
            )
        current.result_columns = {
            "result": text,
            "result_name": stored.name,
            "result_bytes": stored.size_bytes,
            "result_sha256": stored.sha256,
            "result_media_type": media_type,
        }
    except BaseException:
        remove_stored(stored.name)
        raise


def _encode(value: Any) -> str:
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise TypeError(f"A processor must return JSON without NaN or Infinity: {error}") from error
