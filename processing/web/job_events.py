"""GET /jobs/<id>/events: how a job stands, told as it changes (server-sent events)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from http import HTTPStatus

from django.http import HttpResponse
from django.http.response import HttpResponseBase

from processing.errors import EventsBusy
from processing.memory.seats import Seats
from processing.models import Job
from processing.web.answers import answer_stream, identify
from processing.web.draining import is_leaving
from processing.web.endpoint import endpoint
from processing.web.job_document import write_job
from processing.web.job_lookup import find_job
from processing.web.job_watch import Standing, watch
from processing.web.request import ApiRequest, Caller

#: Streams in one process at once, in front of MAX_REQUESTS_IN_FLIGHT of the door: they are not to
#: take all its places.
MAX_STREAMS = 400
#: Where nothing changes, a comment is sent so often, in seconds: routers break a silent connection
#: (Heroku's after 55 s), and a client that left is noticed.
HEARTBEAT_SECONDS = 15.0
#: A stream ends after this long, in seconds. Its client comes again, and is asked who it is.
STREAM_MOST_SECONDS = 3600.0
#: A client that was cut off comes again after this long, in milliseconds.
RETRY_MILLISECONDS = 2000

_streams = Seats()


@endpoint("GET")
async def show_events(request: ApiRequest, job_id: str) -> HttpResponseBase:
    """200 with an event for each change until the final state; 204 to whoever has seen that one.

    The id of an event is the ETag of what it shows, the same in every process: `Last-Event-ID`
    leaves out what the client saw last. What came between two looks is told as one change.
    """
    job = await find_job(request, job_id)
    event_id = identify(write_job(job, request.caller))
    seen_id = request.META.get("HTTP_LAST_EVENT_ID", "")
    if job.is_final and event_id == seen_id:  # a browser comes again for ever, but for a 204
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    request.held.enter_context(_streams.take(MAX_STREAMS, _refuse))
    response = answer_stream(request, _follow(job, request.caller, seen_id), "text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"  # nginx would keep events until it has a page of them
    return response


def _refuse() -> EventsBusy:
    return EventsBusy(f"This process has {MAX_STREAMS} event streams, as many as it may.")


async def _follow(job: Job | None, caller: Caller, seen_id: str) -> AsyncGenerator[str, None]:
    clock = asyncio.get_running_loop().time
    ends_at = clock() + STREAM_MOST_SECONDS
    yield f"retry: {RETRY_MILLISECONDS}\n\n"  # with it the headers go out
    while job is not None:
        document = write_job(job, caller)
        if (event_id := identify(document)) != seen_id:
            seen_id = event_id
            yield f"event: job\nid: {event_id}\ndata: {document}\n\n"
        if job.is_final or is_leaving() or clock() >= ends_at:
            return
        try:
            job = await watch.wait_for_change(job.pk, Standing.of(job), HEARTBEAT_SECONDS)
        except TimeoutError:
            yield ": still here\n\n"
