"""A fan-out as most programs have it: a thread for each URL, all answers in memory."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

#: For one URL: what Plimsoll's FANOUT_DEADLINE_SECONDS is.
TIMEOUT_SECONDS = 20.0


def fetch_all(session: Any, urls: Sequence[str]) -> list[str]:
    """The text of each URL, by a session of requests or a client of httpx."""
    with ThreadPoolExecutor(max_workers=len(urls)) as pool:
        return list(pool.map(lambda url: session.get(url, timeout=TIMEOUT_SECONDS).text, urls))
