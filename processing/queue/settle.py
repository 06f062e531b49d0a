"""Ending a delivery: what the task's outcome makes of its job."""

from __future__ import annotations

import json
import logging
import random
import time
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from processing.models import Job
from processing.queue.claims import Delivery
from processing.queue.failures import read_failure

logger = logging.getLogger(__name__)

#: A result of at most this many characters is kept on the job and shown inline, in lists of up to
#: 200 jobs too.
INLINE_RESULT_MAX_CHARACTERS = 16 * 1024
#: The wait before attempt n + 1 is RETRY_BASE_SECONDS · 2ⁿ⁻¹, at most RETRY_MAX_SECONDS.
RETRY_BASE_SECONDS = 2.0
RETRY_MAX_SECONDS = 600.0
#: How often a settlement is tried on a database that is locked or away, one second apart.
SETTLE_TRIES = 5


def settle_task(task: dict[str, Any]) -> None:
    """Write the outcome of a finished django-q2 task to its job.

    Raises django.db.Error when the database stays away for SETTLE_TRIES seconds; the seat then
    ends, and its job is given out again.
    """
    delivery = Delivery.parse(task["delivery"])
    for tries_left in reversed(range(SETTLE_TRIES)):
        try:
            if not _settle(delivery, task):
                logger.warning("job %s was no longer ours when it ended", delivery)
            return
        except (OperationalError, InterfaceError):
            connection.close()
            if not tries_left:
                raise
            time.sleep(1)


def retry_delay_seconds(attempt: int) -> float:
    """How long to wait after the failed attempt number `attempt`, with jitter of up to half."""
    delay = min(RETRY_MAX_SECONDS, RETRY_BASE_SECONDS * 2.0 ** (attempt - 1))
    return delay * random.uniform(0.5, 1.0)  # noqa: S311  (spreads load, guards nothing)


def _settle(delivery: Delivery, task: dict[str, Any]) -> bool:
    job = Job.objects.held_by(delivery.job_id, delivery.number).without_bulk().first()
    if job is None:
        return False
    if task["success"]:
        if not job.processor:
            _keep_plain_result(delivery, task["result"])
        keep_seconds = settings.RESULT_EXPIRES_SECONDS
        return job.succeed(delivery=delivery.number, keep_seconds=keep_seconds)
    error = read_failure(task["result"])
    attempt = job.attempts + 1
    if attempt < job.max_attempts:
        delay_seconds = retry_delay_seconds(attempt)
        return job.give_back(delivery=delivery.number, delay_seconds=delay_seconds, error=error)
    return job.fail(delivery=delivery.number, error=error)


def _keep_plain_result(delivery: Delivery, result: Any) -> None:
    """Show the result of a plain function where it is small JSON; `Task` has it in any case."""
    try:
        text = json.dumps(result, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return
    if len(text) <= INLINE_RESULT_MAX_CHARACTERS:
        held = Job.objects.held_by(delivery.job_id, delivery.number)
        held.update(result=text, result_media_type="application/json")
