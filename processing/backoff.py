"""Waits that double."""

from __future__ import annotations

#: More doublings than any bound needs would one day be no number any more.
MOST_DOUBLINGS = 16


def double_wait(first_seconds: float, doublings: int, *, most_seconds: float) -> float:
    """`first_seconds` doubled so many times, at most `most_seconds`."""
    return min(most_seconds, first_seconds * 2.0 ** min(doublings, MOST_DOUBLINGS))
