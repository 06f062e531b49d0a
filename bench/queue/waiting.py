"""Waiting for something to become true, with a bound."""

from __future__ import annotations

import time
from collections.abc import Callable

from bench.queue.errors import NotMeasured


def wait_until(
    is_true: Callable[[], bool], *, seconds: float, poll_seconds: float, what: str
) -> None:
    """Return when `is_true()`. Raises NotMeasured when it is not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > deadline:
            raise NotMeasured(f"{what}: not within {seconds:g} s")
        time.sleep(poll_seconds)


def wait_while_growing(
    count: Callable[[], int], target: int, *, stall_seconds: float, poll_seconds: float, what: str
) -> None:
    """Return when `count()` has reached `target`.

    Raises NotMeasured when it did not grow for `stall_seconds`.
    """
    reached, grew_at = count(), time.monotonic()
    while reached < target:
        if time.monotonic() - grew_at > stall_seconds:
            raise NotMeasured(f"{what}: stayed at {reached} of {target} for {stall_seconds:g} s")
        time.sleep(poll_seconds)
        if (now := count()) > reached:
            reached, grew_at = now, time.monotonic()
