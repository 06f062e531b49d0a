"""A job as the API shows it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from processing.models import Job
from processing.web.request import Caller


def write_job(job: Job, caller: Caller, *, in_list: bool = False) -> str:
    """The job's document as JSON; its traceback is for callers that may operate, not for lists.

    The result goes in as the text that was stored: parsed, a page of small results can be a
    hundred megabytes of small objects.
    """
    has_result = job.state == Job.State.SUCCEEDED and not job.result_expired
    document = {
        "id": str(job.id),
        "processor": job.processor or job.function,
        "state": job.state,
        "error": _describe_error(job, with_traceback=caller.operates and not in_list),
        "attempts": job.attempts,
        "max_attempts": job.max_attempts,
        "progress": job.progress,
        "peak_memory_bytes": job.peak_memory_bytes,
        "memory_limit_bytes": job.memory_limit_bytes,
        "created_at": _iso(job.created_at),
        "started_at": _iso(job.started_at),
        "finished_at": _iso(job.finished_at),
        "result_url": f"/jobs/{job.id}/result" if has_result else None,
    }
    result = job.result if has_result and job.result is not None else "null"
    return f'{json.dumps(document)[:-1]}, "result": {result}}}'


def _describe_error(job: Job, *, with_traceback: bool) -> dict[str, str] | None:
    if not job.error_code:
        return None
    error = {"code": job.error_code, "message": job.error_message}
    if with_traceback:
        error["traceback"] = job.error_traceback
    return error


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None
