"""GET /get_external_data: ask many URLs at once, answer with what came."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator
from functools import cache
from typing import Any

from django.conf import settings
from django.http import StreamingHttpResponse

from processing.errors import InvalidURL
from processing.fanout.fetch import Fetched, fetch_all, fetch_each
from processing.fanout.targets import Target, parse_targets
from processing.memory.budget import ByteBudget
from processing.web.answers import answer_stream
from processing.web.endpoint import endpoint
from processing.web.request import ApiRequest

NDJSON = "application/x-ndjson"


@endpoint("GET")
async def get_external_data(request: ApiRequest) -> StreamingHttpResponse:
    """200 with every outcome in the order asked, or a line for each as it completes."""
    urls = request.GET.getlist("url") or settings.EXTERNAL_URLS
    if not urls:
        raise InvalidURL("There is no url: add ?url=https://… or set EXTERNAL_URLS.")
    targets = parse_targets(urls)
    wanted_bytes = len(targets) * settings.FANOUT_MAX_RESPONSE_BYTES
    await request.held.enter_async_context(_budget().hold(wanted_bytes))
    if NDJSON in request.META.get("HTTP_ACCEPT", ""):
        return answer_stream(request, _stream_lines(targets), NDJSON)
    started_at = time.perf_counter()
    outcomes = await fetch_all(targets)
    elapsed_ms = round((time.perf_counter() - started_at) * 1000, 1)
    return answer_stream(request, _stream_document(outcomes, elapsed_ms), "application/json")


async def _stream_document(outcomes: list[Fetched], elapsed_ms: float) -> AsyncGenerator[str, None]:
    """The document in pieces, so that no second copy of all the texts is made."""
    yield '{"results": ['
    for index, outcome in enumerate(outcomes):
        yield (", " if index else "") + json.dumps(outcome.text)
    responses = json.dumps([_describe(outcome) for outcome in outcomes])
    yield f'], "responses": {responses}, "elapsed_ms": {elapsed_ms}}}'


async def _stream_lines(targets: list[Target]) -> AsyncGenerator[str, None]:
    async with fetch_each(targets) as outcomes:
        async for index, outcome in outcomes:
            line = {"index": index, **_describe(outcome), "result": outcome.text}
            yield json.dumps(line) + "\n"


def _describe(outcome: Fetched) -> dict[str, Any]:
    error = outcome.error
    return {
        "url": outcome.url,
        "ok": outcome.ok,
        "status": outcome.status,
        "content_type": outcome.content_type,
        "bytes": outcome.body_bytes,
        "elapsed_ms": outcome.elapsed_ms,
        "error": {"code": error.code, "message": error.message} if error else None,
    }


@cache
def _budget() -> ByteBudget:
    return ByteBudget(settings.FANOUT_BUDGET_BYTES)
