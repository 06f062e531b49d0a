"""When a dyno that crashed is started again.

Heroku starts it at once after a crash, and after crashes in a row with exponentially growing
cool-off periods, of which the first takes 20 minutes as its users tell; the other numbers are ours.
https://devcenter.heroku.com/changelog-items/344
"""

from __future__ import annotations

from processing.backoff import double_wait

#: The wait after the second crash in a row; each further one doubles it.
FIRST_WAIT_SECONDS = 20 * 60.0
MOST_WAIT_SECONDS = 320 * 60.0
#: A dyno that stayed up for so long has not crashed "in a row" with the time before.
STEADY_SECONDS = 3600.0


class CrashPolicy:
    """Counts the crashes of one dyno; times are seconds of one monotonic clock."""

    def __init__(self) -> None:
        self._crashes_in_row = 0

    def find_restart_at(self, *, started_at: float, crashed_at: float) -> float:
        """Count a crash, and tell when the dyno is to start again."""
        if crashed_at - started_at >= STEADY_SECONDS:
            self._crashes_in_row = 0
        self._crashes_in_row += 1
        if self._crashes_in_row == 1:
            return crashed_at
        doublings = self._crashes_in_row - 2
        wait_seconds = double_wait(FIRST_WAIT_SECONDS, doublings, most_seconds=MOST_WAIT_SECONDS)
        return crashed_at + wait_seconds
