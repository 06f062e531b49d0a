"""GET /get_external_data: ask many URLs at once, answer with what came."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeAlias

from django.conf import settings
from django.http import StreamingHttpResponse

from processing.errors import InvalidURL
from processing.fanout.fetch import fetch_each
from processing.fanout.fetched import Fetched
from processing.fanout.outcomes import Outcomes
from processing.fanout.places import find_places
from processing.fanout.targets import parse_targets
from processing.fanout.window import Window
from processing.web.answers import answer_stream
from processing.web.budgets import count_kept_bodies, hold_window
from processing.web.endpoint import endpoint
from processing.web.fetched_text import Ready, gather, in_order, together, write_text
from processing.web.memory_watch import watch
from processing.web.request import ApiRequest

JSON = "application/json"
NDJSON = "application/x-ndjson"
Fetching: TypeAlias = AbstractAsyncContextManager[Outcomes]


@endpoint("GET")
async def get_external_data(request: ApiRequest) -> StreamingHttpResponse:
    """200 with every outcome in the order asked, or a line for each as it completes."""
    urls = request.GET.getlist("url") or settings.EXTERNAL_URLS
    if not urls:
        raise InvalidURL("There is no url: add ?url=https://… or set EXTERNAL_URLS.")
    targets = parse_targets(urls)
    await watch.check_room()
    places = find_places(targets, most_kept_count=count_kept_bodies())
    ends_at = time.monotonic() + settings.FANOUT_DEADLINE_SECONDS
    window = await request.held.enter_async_context(hold_window(places))
    left_seconds = ends_at - time.monotonic()
    fetching = fetch_each(targets, places=places, window=window, deadline_seconds=left_seconds)
    if request.get_preferred_type([JSON, NDJSON]) == NDJSON:
        response = answer_stream(request, _stream_lines(fetching, window), NDJSON)
    else:
        response = answer_stream(request, _stream_document(fetching, window), JSON)
    response["Cache-Control"] = "no-store"
    response["Vary"] = "Accept"
    response["X-Accel-Buffering"] = "no"  # nginx would keep lines until it has a page of them
    return response


async def _stream_document(fetching: Fetching, window: Window) -> AsyncGenerator[bytes, None]:
    """The document in pieces: a text is sent, and its memory free, while later ones arrive."""
    started_at = time.perf_counter()
    answers: list[dict[str, Any]] = []

    def write(ready: Ready) -> Iterator[bytes]:
        while ready:
            index, outcome = ready.popleft()
            yield from write_text(outcome, after=b", " if index else b'{"results": [')
            answers.append(_describe(outcome))
            del outcome  # nobody holds a text that was sent
            window.give_back(index)

    async with fetching as outcomes:
        async for ready in in_order(outcomes):
            for piece in gather(write(ready)):
                yield piece
    elapsed_ms = round((time.perf_counter() - started_at) * 1000, 1)
    yield f'], "responses": {json.dumps(answers)}, "elapsed_ms": {elapsed_ms}}}'.encode()


async def _stream_lines(fetching: Fetching, window: Window) -> AsyncGenerator[bytes, None]:
    def write(ready: Ready) -> Iterator[bytes]:
        while ready:
            index, outcome = ready.popleft()
            facts = json.dumps({"index": index, **_describe(outcome)})
            after = f'{facts[:-1]}, "result": '.encode()
            yield from write_text(outcome, after=after, on_one_line=True)
            yield b"}\n"
            del outcome
            window.give_back(index)

    async with fetching as outcomes:
        async for ready in together(outcomes):
            for piece in gather(write(ready)):
                yield piece


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
