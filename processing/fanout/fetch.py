"""Many URLs fetched at once, under one deadline, each with its own outcome."""

from __future__ import annotations

import asyncio
import time
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Iterator,
    Sequence,
)
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeAlias

import aiohttp
from django.conf import settings

from processing.fanout.bodies import Body
from processing.fanout.charsets import iterate_text, pick_charset
from processing.fanout.client import get_client
from processing.fanout.exchange import Answer, Exchange
from processing.fanout.failures import FetchFailure, explain_error
from processing.fanout.patience import Patience, Room
from processing.fanout.places import Places, find_places
from processing.fanout.starts import Starts
from processing.fanout.targets import Target
from processing.fanout.window import Window, make_boundless
from processing.memory.limit import is_refusal

#: Where the outcome of each task belongs: its places among the targets, and the URLs asked there.
Pending: TypeAlias = "dict[asyncio.Task[Fetched], list[tuple[int, str]]]"


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """The outcome of one URL.

    An HTTP answer of any status has `status`, `text` and no `error`; `ok` is 200 <= status < 400,
    after redirects. Without an answer `error` says why, and status, content_type and text are
    None. `body_bytes` counts the body after inflating; `elapsed_ms` includes waiting for a slot.

    The body is kept as the bytes that came: as text it may take four times as much.
    """

    url: str
    ok: bool
    status: int | None
    content_type: str | None
    body: Body | None
    elapsed_ms: float
    error: FetchFailure | None

    @property
    def body_bytes(self) -> int:
        """The length of the body."""
        return self.body.length_bytes if self.body else 0

    @property
    def text(self) -> str | None:
        """The whole body as text, decoded anew each time."""
        return None if self.body is None else "".join(self.iterate_text())

    def iterate_text(self) -> Iterator[str]:
        """The body as text, a slice after the other; nothing where there is no answer."""
        if self.body is None:
            return iter(())
        charset = pick_charset(self.content_type, self.body.beginning)
        return iterate_text(self.body.pieces, charset)


async def fetch_all(
    targets: Sequence[Target], *, deadline_seconds: float | None = None
) -> list[Fetched]:
    """Fetch every target at once, each URL once, and return the outcomes in the order asked.

    `deadline_seconds` (default FANOUT_DEADLINE_SECONDS) covers everything, waiting for a slot
    too; what is not done by then is a `timeout`. An upstream's failure never raises.
    """
    async with fetch_each(targets, deadline_seconds=deadline_seconds) as outcomes:
        done = {index: fetched async for index, fetched in outcomes}
    return [done[index] for index in range(len(targets))]


@asynccontextmanager
async def fetch_each(
    targets: Sequence[Target],
    *,
    deadline_seconds: float | None = None,
    places: Places | None = None,
    window: Window | None = None,
) -> AsyncGenerator[AsyncIterator[tuple[int, Fetched]], None]:
    """Like `fetch_all`, but gives (index into targets, outcome) as each completes.

        async with fetch_each(targets) as outcomes:
            async for index, fetched in outcomes: ...

    Bodies are held by `window`, from which the caller gives each back when it is done with it;
    without one there is room for all. `places` (default: all of each URL) says what is fetched.
    Leaving the block, in whatever way, cancels what still runs and waits until it is gone.
    """
    client = await get_client()
    window = window or make_boundless()
    places = places or find_places(targets)
    if deadline_seconds is None:
        deadline_seconds = settings.FANOUT_DEADLINE_SECONDS
    deadline = asyncio.get_running_loop().time() + deadline_seconds
    starts = Starts(client.slots, window, [group[0] for group in places.groups])
    tasks = {}
    for group in places.groups:
        for index, heir in pairwise(group):
            window.bequeath(index, heir)
        fetch = _Fetch(client.session, starts, window, deadline, group[0], targets[group[0]])
        tasks[asyncio.create_task(fetch.run())] = [(index, targets[index].url) for index in group]
    try:
        async with aclosing(_iterate_completed(tasks)) as outcomes:
            yield outcomes
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _iterate_completed(pending: Pending) -> AsyncGenerator[tuple[int, Fetched], None]:
    while pending:
        done, _ = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        while done:
            outcomes = _pop_outcomes(done, pending)
            while outcomes:
                yield outcomes.pop()


def _pop_outcomes(done: set[asyncio.Task[Fetched]], pending: Pending) -> list[tuple[int, Fetched]]:
    """One task's, the first one last. Nothing here keeps them: a body goes when its receiver is
    done with it."""
    task = done.pop()
    fetched, places = task.result(), pending.pop(task)
    return [(index, replace(fetched, url=url)) for index, url in reversed(places)]


@dataclass(frozen=True)
class _Fetch:
    """One URL, from waiting for its slot to its outcome."""

    session: aiohttp.ClientSession
    starts: Starts
    window: Window
    deadline: float
    place: int
    target: Target

    async def run(self) -> Fetched:
        """The outcome."""
        started = time.perf_counter()
        answer: Answer | None = None
        error: FetchFailure | None = None
        try:
            async with (
                asyncio.timeout_at(self.deadline) as limit,
                self.starts.hold(self.place, self.target.host),
            ):
                patience = Patience(limit, self.deadline)
                room = Room(self.window, self.place, patience)
                answer = await Exchange(self.session, room, patience).run(self.target)
        except Exception as reason:
            if is_refusal(reason):
                raise  # of a job that has reached its limit, and not the upstream's fault
            error = explain_error(reason)
        return Fetched(
            url=self.target.url,
            ok=answer is not None and 200 <= answer.status < 400,
            status=answer.status if answer else None,
            content_type=answer.content_type if answer else None,
            body=answer.body if answer else None,
            elapsed_ms=round((time.perf_counter() - started) * 1000, 1),
            error=error,
        )
