"""Many URLs fetched at once, under one deadline, each with its own outcome."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise

import aiohttp
from django.conf import settings

from processing.fanout.client import get_client
from processing.fanout.exchange import Answer, Exchange
from processing.fanout.failures import FetchFailure, explain_error, forget_frames
from processing.fanout.fetched import Fetched
from processing.fanout.outcomes import Outcomes
from processing.fanout.patience import Patience, Room
from processing.fanout.places import Places, find_places
from processing.fanout.starts import Starts
from processing.fanout.targets import Target
from processing.fanout.window import Window, make_boundless
from processing.memory.limit import is_refusal


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
) -> AsyncGenerator[Outcomes, None]:
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
    patience = Patience(asyncio.get_running_loop().time() + deadline_seconds)
    starts = Starts(client.slots, window, [group[0] for group in places.groups])
    outcomes = Outcomes()
    for group in places.groups:
        for index, heir in pairwise(group):
            window.bequeath(index, heir)
        fetch = _Fetch(client.session, starts, window, patience, group[0], targets[group[0]])
        task = asyncio.create_task(fetch.run())
        outcomes.add(task, [(index, targets[index].url) for index in group])
    try:
        yield outcomes
    finally:
        patience.close()
        await outcomes.aclose()


@dataclass(frozen=True)
class _Fetch:
    """One URL, from waiting for its slot to its outcome."""

    session: aiohttp.ClientSession
    starts: Starts
    window: Window
    patience: Patience
    place: int
    target: Target

    async def run(self) -> Fetched:
        """The outcome."""
        started = time.perf_counter()
        answer: Answer | None = None
        error: FetchFailure | None = None
        try:
            with self.patience.begin() as wait:
                async with self.starts.hold(self.place, self.target.upstream):
                    wait.start()
                    room = Room(self.window, self.place, wait)
                    answer = await Exchange(self.session, room, wait).run(self.target)
        except Exception as reason:
            if is_refusal(reason):
                raise  # of a job that has reached its limit, and not the upstream's fault
            error = explain_error(reason)
            forget_frames(reason)
        return Fetched(
            url=self.target.url,
            ok=answer is not None and 200 <= answer.status < 400,
            status=answer.status if answer else None,
            content_type=answer.content_type if answer else None,
            body=answer.body if answer else None,
            elapsed_ms=round((time.perf_counter() - started) * 1000, 1),
            error=error,
        )
