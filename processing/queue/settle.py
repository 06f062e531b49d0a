"""Writing down how deliveries ended: many at once, and each alone where that fails."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import (
    DatabaseError,
    DataError,
    InterfaceError,
    OperationalError,
    connection,
    transaction,
)

from processing.models import Job
from processing.queue.aftermath import is_aftermath, pack_loss
from processing.queue.claims import Delivery
from processing.queue.clock import NOW
from processing.queue.ending import SUCCEEDED, Ending
from processing.queue.enqueue import insert_job
from processing.queue.failures import make_error
from processing.queue.statements import make_later, make_statement

logger = logging.getLogger(__name__)

SUCCEED = """
WITH ended AS MATERIALIZED ({ended})
UPDATE {jobs}
SET state = 'succeeded', attempts = attempts + 1, progress = 1.0, started_at = {began_at},
    finished_at = {now}, claimed_by = '', lease_expires_at = NULL,
    history = history || ended.line, error_code = '', error_message = '', error_traceback = '',
    result = ended.result, result_name = ended.result_name, result_bytes = ended.result_bytes,
    result_sha256 = ended.result_sha256, result_media_type = ended.result_media_type,
    result_expires_at = {expires_at},
    peak_memory_bytes = COALESCE(ended.peak_memory_bytes, {jobs}.peak_memory_bytes),
    allocation_profile = COALESCE(ended.allocation_profile, {jobs}.allocation_profile)
FROM ended
WHERE {jobs}.id = ended.id AND {jobs}.state = 'running' AND {jobs}.deliveries = ended.number
RETURNING {jobs}.id, {jobs}.deliveries
"""
#: What has ended well, as rows, out of JSON: one parameter, whatever their number.
ENDED = {
    "sqlite": """
SELECT json_extract(value, '$.id') AS id, json_extract(value, '$.number') AS number,
    json_extract(value, '$.began_later') AS began_later, json_extract(value, '$.line') AS line,
    json_extract(value, '$.result') AS result,
    json_extract(value, '$.result_name') AS result_name,
    json_extract(value, '$.result_bytes') AS result_bytes,
    json_extract(value, '$.result_sha256') AS result_sha256,
    json_extract(value, '$.result_media_type') AS result_media_type,
    json_extract(value, '$.peak_memory_bytes') AS peak_memory_bytes,
    json_extract(value, '$.allocation_profile') AS allocation_profile
FROM json_each(%(endings)s)""",
    "postgresql": """
SELECT * FROM json_to_recordset(%(endings)s) AS rows(
    id uuid, number integer, began_later float, line text, result text, result_name text,
    result_bytes bigint, result_sha256 text, result_media_type text,
    peak_memory_bytes bigint, allocation_profile text)""",
}
NO_RESULT: dict[str, Any] = {
    "result": None,
    "result_name": "",
    "result_bytes": None,
    "result_sha256": "",
    "result_media_type": "",
}
#: An attempt that failed left its row; one that succeeded is not written over.
SAVE_TASK = """
INSERT INTO {tasks} (id, name, func, hook, args, kwargs, result, "group", cluster,
    started, stopped, success, attempt_count)
VALUES (%(id)s, %(name)s, %(func)s, %(hook)s, %(args)s, %(kwargs)s, %(result)s, %(group)s,
    %(cluster)s, %(started)s, %(stopped)s, %(success)s, 1)
ON CONFLICT (id) DO UPDATE SET stopped = excluded.stopped, result = excluded.result,
    success = excluded.success, attempt_count = {tasks}.attempt_count + 1
WHERE NOT {tasks}.success
"""


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """Endings, and the rows of those that ended well as JSON: made before a lock is held for it."""

    endings: Sequence[Ending]
    good_rows: str


def prepare_endings(endings: Sequence[Ending]) -> Prepared:
    """Make all ready that `write_endings` needs no database for."""
    good = [_make_row(ending) for ending in endings if ending.outcome == SUCCEEDED]
    return Prepared(endings=endings, good_rows=json.dumps(good) if good else "")


def settle_endings(endings: Sequence[Ending]) -> set[Delivery]:
    """Settle these endings; returns those whose delivery was still the running one.

    Raises OperationalError or InterfaceError when the database is away: nothing is settled then,
    and the same endings may be settled again.
    """
    prepared = prepare_endings(endings)
    try:
        with transaction.atomic():
            return write_endings(prepared)
    except (OperationalError, InterfaceError):
        raise
    except DatabaseError:
        logger.exception("%s endings are settled one by one", len(endings))
    return {delivery for ending in endings for delivery in _settle_alone(ending)}


def _settle_alone(ending: Ending) -> set[Delivery]:
    try:
        with transaction.atomic():
            return write_endings(prepare_endings([ending]))
    except (OperationalError, InterfaceError):
        raise
    except DatabaseError as error:
        failure = make_error("task_error", f"How the task ended cannot be stored: {error}")
        plain = Ending(delivery=ending.delivery, outcome="task_error", is_final=True, error=failure)
        with transaction.atomic():
            return write_endings(prepare_endings([plain]))


def write_endings(prepared: Prepared) -> set[Delivery]:
    """Settle these endings in the caller's transaction; returns those that were still ours.

    Raises django.db.DatabaseError when any of them cannot be written.
    """
    try:
        return _write(prepared)
    except ValueError as error:  # a driver's, of text that has no encoding
        raise DataError(str(error)) from error


def _write(prepared: Prepared) -> set[Delivery]:
    held = _settle_good(prepared.good_rows) if prepared.good_rows else set()
    to_queue: list[dict[str, Any]] = []
    for ending in prepared.endings:
        if ending.outcome == SUCCEEDED:
            to_queue += ending.jobs.values() if ending.delivery in held else ()
        elif (job := _find_held(ending.delivery)) is not None and ending.settle(job):
            held.add(ending.delivery)
            to_queue += _find_followers(ending, job)
    _save_tasks([e.task for e in prepared.endings if e.task is not None and e.delivery in held])
    for job_to_queue in to_queue:
        insert_job(**job_to_queue)
    return held


def _settle_good(rows: str) -> set[Delivery]:
    parameters: dict[str, Any] = {"endings": rows, "keep_seconds": settings.RESULT_EXPIRES_SECONDS}
    with connection.cursor() as cursor:
        cursor.execute(_make_succeed(connection.vendor), parameters)
        settled = cursor.fetchall()
    return {Delivery(job_id=UUID(str(job_id)), number=number) for job_id, number in settled}


@cache
def _make_succeed(vendor: str) -> str:
    return SUCCEED.format(
        jobs=Job._meta.db_table,
        ended=ENDED[vendor],
        now=NOW[vendor],
        began_at=make_later(vendor, "ended.began_later"),
        expires_at=make_later(vendor, "%(keep_seconds)s"),
    )


def _make_row(ending: Ending) -> dict[str, Any]:
    return {
        **NO_RESULT,
        **ending.result,
        "id": ending.delivery.job_id.hex,
        "number": ending.delivery.number,
        "began_later": -(ending.began_seconds_ago or 0.0),
        "line": ending.line,
        "peak_memory_bytes": ending.peak_memory_bytes,
        "allocation_profile": ending.allocation_profile or None,
    }


def _find_held(delivery: Delivery) -> Job | None:
    held = Job.objects.held_by(delivery.job_id, delivery.number)
    return held.without_bulk().select_for_update(of=("self",)).first()


def _find_followers(ending: Ending, job: Job) -> list[dict[str, Any]]:
    """What is to be queued behind a delivery that did not end well."""
    if not job.is_final:
        return []
    if "after" in ending.jobs:
        return [ending.jobs["after"]]
    return [] if ending.task is not None or is_aftermath(job) else [pack_loss(job)]


def _save_tasks(rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(make_statement(SAVE_TASK, connection.vendor), rows)
