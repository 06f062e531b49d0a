"""GET /healthz and GET /readyz: for whoever watches the service."""

from __future__ import annotations

import asyncio

from django.conf import settings
from django.db import Error
from django.http import HttpResponse

from processing.memory.usage import read_resident_bytes
from processing.queue.bounds import QueueLoad, count_load
from processing.queue.clusters import count_workers
from processing.web.answers import answer_json
from processing.web.database import in_database
from processing.web.draining import is_draining
from processing.web.endpoint import endpoint
from processing.web.request import ApiRequest

#: Above this part of a bound the service is degraded.
NEARLY_FULL = 0.9
MIB = 1024 * 1024
#: The database has this long to answer, in seconds: whoever asks must hear before it gives up.
LOOK_SECONDS = 2.0


@endpoint("GET")
async def show_health(request: ApiRequest) -> HttpResponse:
    """200 as long as the process answers; no database."""
    return HttpResponse("ok", content_type="text/plain; charset=utf-8")


@endpoint("GET")
async def show_readiness(request: ApiRequest) -> HttpResponse:
    """200 with each part's state; 503 when the database fails or the process is draining."""
    parts = {"database": "ok", "queue": "ok", "workers": "ok", "memory": _describe_memory()}
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            load, worker_count = await in_database(_look)
    except TimeoutError:
        return _answer_failure(parts, f"no answer in {LOOK_SECONDS:g} seconds")
    except Error as error:
        return _answer_failure(parts, str(error))
    parts |= {"queue": _describe_queue(load), "workers": _describe_workers(worker_count)}
    if is_draining():
        parts["draining"] = "the process was told to stop"
    return answer_json(parts, status=503 if is_draining() else 200)


def _answer_failure(parts: dict[str, str], reason: str) -> HttpResponse:
    parts |= {"database": f"failed: {reason}", "queue": "failed: no database"}
    return answer_json(parts | {"workers": "failed: no database"}, status=503)


def _look() -> tuple[QueueLoad, int]:
    return count_load(), count_workers()


def _describe_queue(load: QueueLoad) -> str:
    if load.job_count >= NEARLY_FULL * settings.QUEUE_MAX_JOBS:
        return f"degraded: {load.job_count} of {settings.QUEUE_MAX_JOBS} jobs"
    if load.source_bytes >= NEARLY_FULL * settings.QUEUE_MAX_BYTES:
        return f"degraded: {load.source_bytes} of {settings.QUEUE_MAX_BYTES} bytes"
    return "ok"


def _describe_workers(worker_count: int) -> str:
    return "ok" if worker_count else "degraded: no worker has been seen for 3 seconds"


def _describe_memory() -> str:
    resident_bytes = read_resident_bytes()
    quota_bytes = settings.MEMORY_QUOTA_MB * MIB
    if quota_bytes and resident_bytes >= NEARLY_FULL * quota_bytes:
        return f"degraded: this process holds {resident_bytes // MIB} MB of {quota_bytes // MIB} MB"
    return "ok"
