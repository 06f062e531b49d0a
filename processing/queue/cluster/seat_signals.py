"""The handlers of signals in a seat, whatever the tasks make of them."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

from processing.queue.cluster.processes import STOP_SIGNALS

#: Those that this process ignores: none where it is no seat.
_ignored: list[signal.Signals] = []
#: What a seat blocks, as it was when it began.
_blocked: set[int] = set()
#: In a thread that forks, what it had blocked before.
_forking = threading.local()


def ignore_stop_signals() -> None:
    """Leave it to the supervisor what a stop means for the task.

    A handler that does nothing, because an ignored signal would stay ignored in the programs that
    a task starts; and a forked child gets the default back. What comes for that child before it has
    waits until then: a task may stop a child that has not run a line yet, and wait for its end.
    """
    for number in STOP_SIGNALS:
        signal.signal(number, _do_nothing)
    _ignored[:] = STOP_SIGNALS
    _blocked.update(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
    os.register_at_fork(
        before=_hold_stop_signals,
        after_in_parent=_let_stop_signals_come,
        after_in_child=_stop_as_others_do,
    )


def take_back_signals() -> None:
    """Undo what a task did that would end the seat later, with another task in hand."""
    signal.setitimer(signal.ITIMER_REAL, 0)  # an alarm, set by either call
    for number in _ignored:
        if signal.getsignal(number) is not _do_nothing:
            signal.signal(number, _do_nothing)
    if _ignored:
        _unblock_what_was_left()


def _unblock_what_was_left() -> None:
    """What was blocked and has come was for the task, and is dropped."""
    _forking.__dict__.clear()
    left = signal.pthread_sigmask(signal.SIG_BLOCK, ()) - _blocked
    for number in left & signal.sigpending():
        handler = signal.getsignal(number)
        if handler is not None:  # those of C, which Python cannot put back, end nothing
            signal.signal(number, signal.SIG_IGN)
            signal.signal(number, handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, _blocked)


def _do_nothing(number: int, frame: Any) -> None:
    pass


def _hold_stop_signals() -> None:
    if not hasattr(_forking, "blocked"):  # it is still there where a handler raised in a hook
        _forking.blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)


def _let_stop_signals_come() -> None:
    if hasattr(_forking, "blocked"):
        signal.pthread_sigmask(signal.SIG_SETMASK, _forking.blocked)
        del _forking.blocked


def _stop_as_others_do() -> None:
    try:
        for number in STOP_SIGNALS:
            if signal.getsignal(number) is _do_nothing:
                signal.signal(number, signal.SIG_DFL)
    finally:  # a handler of the task's may raise here
        _let_stop_signals_come()
