"""After the load: waiting until every accepted job has ended, as long as there is progress."""

from __future__ import annotations

import time
from collections.abc import Callable

from bench.load_line.sizes import Sizes

POLL_SECONDS = 2.0
PROGRESS_SECONDS = 10.0


def wait_for_ends(count_unfinished: Callable[[], int], sizes: Sizes) -> tuple[float, str]:
    """How long it took, in seconds, and why no more was waited for; empty when all have ended."""
    began = grew_at = shown_at = time.monotonic()
    left = count_unfinished()
    while left:
        now = time.monotonic()
        if now - began > sizes.drain_seconds:
            return now - began, f"{left} not ended {sizes.drain_seconds:g} s after the load"
        if now - grew_at > sizes.stall_seconds:
            return now - began, f"{left} not ended, and none ended for {sizes.stall_seconds:g} s"
        if now - shown_at >= PROGRESS_SECONDS:
            shown_at = now
            print(f"{now - began:6.0f} s after the load  {left:,} jobs to end", flush=True)
        time.sleep(POLL_SECONDS)
        if (counted := count_unfinished()) < left:
            grew_at = time.monotonic()
        left = counted
    return time.monotonic() - began, ""
