"""Address space that a process has taken and does not fill."""

from __future__ import annotations

#: What was not filled for so long, in seconds, is a reserve: a block that is wanted is filled at 1
#: GB/s and more.
SETTLED_SECONDS = 0.3


class Unfilled:
    """The least of it in the last one or two SETTLED_SECONDS, of one process, in bytes.

    What a library keeps in reserve stays as it is; a block that is being filled becomes less with
    every look, and a new one was not there a moment ago.
    """

    def __init__(self, at_first_bytes: int) -> None:
        self._before_bytes = self._least_bytes = at_first_bytes
        self._began_at = float("-inf")

    def settle(self, unfilled_bytes: int, now: float) -> int:
        """Now it is so much; returns how much of that has settled."""
        if now >= self._began_at + SETTLED_SECONDS:
            self._began_at = now
            self._before_bytes, self._least_bytes = self._least_bytes, unfilled_bytes
        self._least_bytes = min(self._least_bytes, unfilled_bytes)
        return max(0, min(self._before_bytes, self._least_bytes))
