"""The handlers of signals in a seat, whatever the tasks make of them."""

from __future__ import annotations

import os
import signal
from typing import Any

from processing.queue.cluster.processes import STOP_SIGNALS

#: Those that this process ignores: none where it is no seat.
_ignored: list[signal.Signals] = []


def ignore_stop_signals() -> None:
    """Leave it to the supervisor what a stop means for the task.

    A handler that does nothing, because an ignored signal would stay ignored in the programs that
    a task starts; and a forked child gets the default back.
    """
    for number in STOP_SIGNALS:
        signal.signal(number, _do_nothing)
    _ignored[:] = STOP_SIGNALS
    os.register_at_fork(after_in_child=_reset_stop_signals)


def take_back_signals() -> None:
    """Undo what a task did that would end the seat later, with another task in hand."""
    signal.setitimer(signal.ITIMER_REAL, 0)  # an alarm, set by either call
    for number in _ignored:
        if signal.getsignal(number) is not _do_nothing:
            signal.signal(number, _do_nothing)


def _do_nothing(number: int, frame: Any) -> None:
    pass


def _reset_stop_signals() -> None:
    for number in STOP_SIGNALS:
        if signal.getsignal(number) is _do_nothing:
            signal.signal(number, signal.SIG_DFL)
