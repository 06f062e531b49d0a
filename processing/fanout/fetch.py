"""Many URLs fetched at once, under one deadline, each with its own outcome."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

import httpx
from django.conf import settings

from processing.fanout.bodies import read_body
from processing.fanout.charsets import iterate_text, pick_charset
from processing.fanout.client import Client, get_client
from processing.fanout.failures import FailureCode, FetchFailed, FetchFailure, explain_error
from processing.fanout.hosts import is_allowed_host
from processing.fanout.targets import Target, resolve_redirect

# From http to https, to the canonical name, to the page: three. A longer chain is most likely a
# loop.
MAX_REDIRECT_COUNT = 5


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """The outcome of one URL.

    An HTTP answer of any status has `status`, `text` and no `error`; `ok` is 200 <= status < 400,
    after redirects. Without an answer `error` says why, and status, content_type and text are
    None. `body_bytes` counts the body after inflating; `elapsed_ms` includes waiting for a slot.
    """

    url: str
    ok: bool
    status: int | None
    content_type: str | None
    body_bytes: int
    text: str | None
    elapsed_ms: float
    error: FetchFailure | None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What an upstream answered in the end, decoded."""

    status: int
    content_type: str | None
    body_bytes: int
    text: str


async def fetch_all(
    targets: Sequence[Target], *, deadline_seconds: float | None = None
) -> list[Fetched]:
    """Fetch every target at once and return the outcomes in the order asked.

    `deadline_seconds` (default FANOUT_DEADLINE_SECONDS) covers everything, waiting for a slot
    too; what is not done by then is a `timeout`. An upstream's failure never raises.
    """
    async with fetch_each(targets, deadline_seconds=deadline_seconds) as outcomes:
        done = {index: fetched async for index, fetched in outcomes}
    return [done[index] for index in range(len(targets))]


@asynccontextmanager
async def fetch_each(
    targets: Sequence[Target], *, deadline_seconds: float | None = None
) -> AsyncGenerator[AsyncIterator[tuple[int, Fetched]], None]:
    """Like `fetch_all`, but gives (index into targets, outcome) as each completes.

        async with fetch_each(targets) as outcomes:
            async for index, fetched in outcomes: ...

    Leaving the block, in whatever way, cancels what still runs and waits until it is gone.
    """
    client = await get_client()
    if deadline_seconds is None:
        deadline_seconds = settings.FANOUT_DEADLINE_SECONDS
    deadline = asyncio.get_running_loop().time() + deadline_seconds
    tasks = {
        asyncio.create_task(_fetch(client, target, deadline)): index
        for index, target in enumerate(targets)
    }
    try:
        async with aclosing(_iterate_completed(tasks)) as outcomes:
            yield outcomes
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _iterate_completed(
    pending: dict[asyncio.Task[Fetched], int],
) -> AsyncGenerator[tuple[int, Fetched], None]:
    while pending:
        done, _ = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            yield pending.pop(task), task.result()


async def _fetch(client: Client, target: Target, deadline: float) -> Fetched:
    started = time.perf_counter()
    answer: Answer | None = None
    error: FetchFailure | None = None
    try:
        async with asyncio.timeout_at(deadline), client.slots:
            answer = await _request(client.http, target)
    except Exception as reason:
        error = explain_error(reason)
    return Fetched(
        url=target.url,
        ok=answer is not None and 200 <= answer.status < 400,
        status=answer.status if answer else None,
        content_type=answer.content_type if answer else None,
        body_bytes=answer.body_bytes if answer else 0,
        text=answer.text if answer else None,
        elapsed_ms=round((time.perf_counter() - started) * 1000, 1),
        error=error,
    )


async def _request(http: httpx.AsyncClient, target: Target) -> Answer:
    """Follow `target` to its answer; every hop is checked like the first. Raises FetchFailed."""
    for _ in range(MAX_REDIRECT_COUNT + 1):
        if not is_allowed_host(target.host):
            raise FetchFailed(
                FailureCode.HOST_NOT_ALLOWED,
                "The host, or one that it redirects to, is not in EXTERNAL_ALLOWED_HOSTS.",
            )
        async with http.stream("GET", target.canonical) as response:
            if not response.has_redirect_location:
                return await _read_answer(response)
        target = resolve_redirect(target, response.headers["Location"])
    raise FetchFailed(
        FailureCode.TOO_MANY_REDIRECTS, f"It redirects more than {MAX_REDIRECT_COUNT} times."
    )


async def _read_answer(response: httpx.Response) -> Answer:
    content_type = response.headers.get("Content-Type")
    body = await read_body(response, limit_bytes=settings.FANOUT_MAX_RESPONSE_BYTES)
    pieces = []
    for piece in iterate_text(body, pick_charset(content_type, body)):
        pieces.append(piece)
        await asyncio.sleep(0)  # the loop serves others between two slices
    return Answer(
        status=response.status_code,
        content_type=content_type,
        body_bytes=len(body),
        text="".join(pieces),
    )
