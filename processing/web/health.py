"""GET /healthz and GET /readyz: for whoever watches the service."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db import Error
from django.http import HttpResponse

from processing.models import QueuePause
from processing.queue.bounds import QueueLoad, find_load
from processing.queue.clusters import count_workers
from processing.queue.pause import describe_pause, find_pause, name_own_queue
from processing.web.answers import answer_json
from processing.web.database import in_database
from processing.web.draining import is_draining
from processing.web.endpoint import endpoint
from processing.web.memory_watch import watch
from processing.web.request import ApiRequest
from processing.web.store_watch import store_watch

#: Above this part of a bound the service is degraded.
NEARLY_FULL = 0.9
#: The database has this long to answer, in seconds: whoever asks must hear before it gives up.
LOOK_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class Look:
    """What the database says of the service's readiness, however much waits in it."""

    pause: QueuePause | None
    load: QueueLoad
    worker_count: int


@endpoint("GET")
async def show_health(request: ApiRequest) -> HttpResponse:
    """200 as long as the process answers; no database."""
    return HttpResponse("ok", content_type="text/plain; charset=utf-8")


@endpoint("GET")
async def show_readiness(request: ApiRequest) -> HttpResponse:
    """200 with each part's state; 503 when the database fails or the process is draining."""
    parts = {"database": "ok", "queue": "ok", "workers": "ok", "memory": await _describe_memory()}
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            look = await in_database(_look)
    except TimeoutError:
        return _answer_failure(parts, f"no answer in {LOOK_SECONDS:g} seconds")
    except Error as error:
        return _answer_failure(parts, str(error))
    parts |= {"queue": _describe_queue(look), "workers": _describe_workers(look.worker_count)}
    if store := await store_watch.describe():
        parts["store"] = store
    if is_draining():
        parts["draining"] = "the process was told to stop"
    return answer_json(parts, status=503 if is_draining() else 200)


def _answer_failure(parts: dict[str, str], reason: str) -> HttpResponse:
    parts |= {"database": f"failed: {reason}", "queue": "failed: no database"}
    return answer_json(parts | {"workers": "failed: no database"}, status=503)


def _look() -> Look:
    pause = find_pause(name_own_queue())
    return Look(pause=pause, load=find_load(), worker_count=count_workers())


def _describe_queue(look: Look) -> str:
    reasons = list(_find_reasons(look))
    return f"degraded: {'; '.join(reasons)}" if reasons else "ok"


def _find_reasons(look: Look) -> Iterator[str]:
    if look.pause is not None:
        yield describe_pause(look.pause)
    if look.load.job_count >= NEARLY_FULL * settings.QUEUE_MAX_JOBS:
        yield f"{look.load.job_count} of {settings.QUEUE_MAX_JOBS} jobs"
    if look.load.source_bytes >= NEARLY_FULL * settings.QUEUE_MAX_BYTES:
        yield f"{look.load.source_bytes} of {settings.QUEUE_MAX_BYTES} bytes"


def _describe_workers(worker_count: int) -> str:
    return "ok" if worker_count else "degraded: no worker has been seen for 3 seconds"


async def _describe_memory() -> str:
    await watch.line.refresh()
    if watch.line.is_refusing:
        return f"degraded: {watch.line.describe()}; new work is refused"
    return "ok"
