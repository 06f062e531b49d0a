"""A job as the API shows it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from processing.models import Job
from processing.web.request import Caller


def write_job(job: Job, caller: Caller, *, in_list: bool = False) -> str:
    """The job's document as JSON; its traceback and its allocation profile are for callers that may
    operate, not for lists.

    Nor is its history, and where a delivery ran is for callers that may operate: it names machines
    and processes.

    The result goes in as the text that was stored: parsed, a page of small results can be a
    hundred megabytes of small objects.
    """
    has_result = job.state == Job.State.SUCCEEDED and not job.result_expired
    document: dict[str, Any] = {
        "id": str(job.id),
        "processor": job.processor or job.function,
        "state": job.state,
        "priority": job.priority,
        "error": _describe_error(job, with_code=caller.operates and not in_list),
        "attempts": job.attempts,
        "max_attempts": job.max_attempts,
        "progress": job.progress,
        "peak_memory_bytes": job.peak_memory_bytes,
        "memory_limit_bytes": job.memory_limit_bytes,
        "created_at": _iso(job.created_at),
        "run_after": _iso(job.run_after) if job.state == Job.State.QUEUED else None,
        "started_at": _iso(job.started_at),
        "finished_at": _iso(job.finished_at),
        "cancel_requested_at": _iso(job.cancel_requested_at),
        "result_url": f"/jobs/{job.id}/result" if has_result else None,
    }
    if not in_list:
        document["history"] = [
            _describe_delivery(past, with_place=caller.operates) for past in job.past_deliveries
        ]
    result = job.result if has_result and job.result is not None else "null"
    return f'{json.dumps(document)[:-1]}, "result": {result}}}'


def _describe_delivery(past: Mapping[str, Any], *, with_place: bool) -> dict[str, Any]:
    started_at = past["started_at"] and datetime.fromisoformat(past["started_at"])
    delivery = {
        "delivery": past["delivery"],
        "started_at": _iso(started_at),
        "ended_at": _iso(datetime.fromisoformat(past["ended_at"])),
        "outcome": past["outcome"],
        "charged": past["charged"],
    }
    return delivery | {"where": past["where"]} if with_place else delivery


def _describe_error(job: Job, *, with_code: bool) -> dict[str, Any] | None:
    """The error of the last attempt; `with_code` with what tells of the code that failed."""
    if not job.error_code:
        return None
    error = {"code": job.error_code, "message": job.error_message}
    if not with_code:
        return error
    if lines := job.allocated_lines:
        return {**error, "traceback": job.error_traceback, "allocation_profile": lines}
    return {**error, "traceback": job.error_traceback}


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None
