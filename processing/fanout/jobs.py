"""Fetching URLs in a processor, or in any task: under the same rules as /get_external_data.

from processing.fanout.jobs import fetch_all

@processor("collect", accepts="json")
def collect(job, data):
    return {each.url: each.status for each in fetch_all(data["urls"])}
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from processing.fanout.fetch import fetch_all as fetch_targets
from processing.fanout.fetched import Fetched
from processing.fanout.targets import parse_targets


def fetch_all(urls: Sequence[str], *, deadline_seconds: float | None = None) -> list[Fetched]:
    """Fetch the URLs at once and return their outcomes in the order asked.

    At most FANOUT_MAX_URLS, each answer of at most FANOUT_MAX_RESPONSE_BYTES, to hosts of
    EXTERNAL_ALLOWED_HOSTS, within `deadline_seconds` (default FANOUT_DEADLINE_SECONDS). A failure
    of one is its `error`, and nothing is raised for it. Raises InvalidURL and TooManyURLs before
    anything is sent, RuntimeError in a running event loop: await `afetch_all` there.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(afetch_all(urls, deadline_seconds=deadline_seconds))
    raise RuntimeError("An event loop is running here: await afetch_all instead of fetch_all.")


async def afetch_all(
    urls: Sequence[str], *, deadline_seconds: float | None = None
) -> list[Fetched]:
    """The same in an event loop, where connections are kept for the next call."""
    return await fetch_targets(parse_targets(urls), deadline_seconds=deadline_seconds)
