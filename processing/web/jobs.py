"""GET /jobs/<id> and GET /jobs/: how jobs stand."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase

from processing.errors import BadRequest
from processing.models import Job
from processing.web.answers import answer_tagged, answer_text
from processing.web.database import in_database
from processing.web.endpoint import endpoint
from processing.web.job_document import write_job
from processing.web.job_lookup import find_job
from processing.web.job_watch import watch
from processing.web.request import ApiRequest, Caller

#: The longest ?wait=, in seconds: below the 30 s that routers give an answer.
MAX_WAIT_SECONDS = 25.0
DEFAULT_LIMIT = 50
MAX_LIMIT = 200

#: Columns that the documents in a list have nothing of.
NOT_IN_LISTS = ("package", "error_traceback", "history", "allocation_profile")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Position = tuple[datetime, UUID]


@endpoint("GET")
async def show_job(request: ApiRequest, job_id: str) -> HttpResponseBase:
    """200 with the job; `?wait=SECONDS` waits that long for a final state."""
    wait_seconds = _read_wait(request.GET)
    job = await find_job(request, job_id)
    if wait_seconds and not job.is_final:
        await watch.wait_until_final(job.pk, wait_seconds)
        job = await find_job(request, job_id)
    return answer_tagged(request, write_job(job, request.caller))


@endpoint("GET")
async def list_jobs(request: ApiRequest) -> HttpResponse:
    """200 with the caller's jobs, newest first, and the URL of the next page."""
    limit = _read_limit(request.GET)
    filters = _read_filters(request.GET)
    after = _read_position(request.GET.get("after"))
    jobs = await in_database(_load_page, request.caller, filters, after, limit + 1)
    page, more = jobs[:limit], len(jobs) > limit
    next_url = None
    if more:
        query = {**filters, "limit": limit, "after": _write_position(page[-1])}
        next_url = f"/jobs/?{urlencode(query)}"
    documents = ", ".join(write_job(job, request.caller, in_list=True) for job in page)
    return answer_text(f'{{"jobs": [{documents}], "next": {json.dumps(next_url)}}}')


def _load_page(
    caller: Caller, filters: dict[str, str], after: Position | None, limit: int
) -> list[Job]:
    visible = Job.objects.visible_to(caller.name, sees_all=caller.operates)
    states = [filters["state"]] if "state" in filters else []
    fitting = visible.fitting(states=states, processor=filters.get("processor"))
    jobs = fitting.newest_first(after)
    return list(jobs.defer(*NOT_IN_LISTS)[:limit])


def _read_filters(query: QueryDict) -> dict[str, str]:
    filters = {name: str(query[name]) for name in ("state", "processor") if query.get(name)}
    if filters.get("state", Job.State.QUEUED) not in Job.State.values:
        raise BadRequest(f"state must be one of {', '.join(Job.State.values)}.")
    if "\0" in filters.get("processor", ""):  # PostgreSQL has no such text
        raise BadRequest("processor must be the name of a processor.")
    return filters


def _read_limit(query: QueryDict) -> int:
    text = query.get("limit", str(DEFAULT_LIMIT))
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= MAX_LIMIT):
        raise BadRequest(f"limit must be a whole number from 1 to {MAX_LIMIT}.")
    return int(text)


def _read_wait(query: QueryDict) -> float:
    try:
        seconds = float(query.get("wait", "0"))
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= MAX_WAIT_SECONDS:
        raise BadRequest(f"wait must be a number of seconds from 0 to {MAX_WAIT_SECONDS:g}.")
    return seconds


def _write_position(job: Job) -> str:
    return f"{(job.created_at - EPOCH) // timedelta(microseconds=1)}-{job.id.hex}"


def _read_position(text: str | None) -> Position | None:
    if text is None:
        return None
    microseconds, _, job_id = text.partition("-")
    try:
        return EPOCH + timedelta(microseconds=int(microseconds)), UUID(job_id)
    except (ValueError, OverflowError) as error:
        raise BadRequest("after must be taken from the `next` of the page before.") from error
