"""How long a cluster sleeps between two looks at its queue, in seconds."""

from __future__ import annotations

#: Behind signs of change that could get lost: how long one that did stays unnoticed at most.
POLL_SECONDS = 2.0
#: Without signs: 50 looks a second at an idle queue, 500 at one that had work just now.
LONGEST_SHORT_POLL_SECONDS = 0.02
SHORTEST_POLL_SECONDS = 0.002
#: A short poll is this part of the time without work, so that what comes in bursts is met early.
POLL_PER_IDLE_SECOND = 0.1


def choose_short_poll(idle_seconds: float) -> float:
    """The sleep where nothing tells of a change; `idle_seconds` is how long ago work was found."""
    wished = idle_seconds * POLL_PER_IDLE_SECOND
    return min(max(wished, SHORTEST_POLL_SECONDS), LONGEST_SHORT_POLL_SECONDS)
