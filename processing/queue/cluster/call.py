"""The time in which a task's function runs, and what may end it."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from types import FrameType, TracebackType
from typing import Any, Literal

from django.dispatch import Signal
from django_q.exceptions import TimeoutException
from django_q.timeout import TimeoutHandler

from processing.memory.limit import is_refusal, lift_burst_limit
from processing.queue.aftermath import AFTERMATH_FUNCTIONS
from processing.queue.cluster.board import Order, Slot
from processing.queue.cluster.seat_profile import SeatProfile
from processing.queue.cluster.seat_signals import take_back_signals
from processing.queue.failures import describe_exception

INTERRUPT_SIGNAL = signal.SIGUSR2


class JobInterrupted(TimeoutException):  # type: ignore[misc]  # django-q2 is untyped
    """Ends a task from outside.

    A SystemExit, because `except Exception`, asyncio and gather let that pass, and a
    TimeoutException, because django-q2's loop catches that one.
    """


class JobTimedOut(JobInterrupted):
    """The task took longer than it may."""


class JobCancelled(JobInterrupted):
    """Somebody asked for the job to be cancelled."""


class ClusterStopping(JobInterrupted):
    """The cluster stops, and its grace is over; the job is queued again."""


class LeaseLost(JobInterrupted):
    """Another cluster has taken the job over, or somebody removed it."""


class TaskExited(Exception):
    """The task tried to end its process."""


class MemoryLimitExceeded(JobInterrupted):
    """The task took more memory than it may."""


INTERRUPTS: dict[Order, type[JobInterrupted]] = {
    Order.CANCEL: JobCancelled,
    Order.STOP: ClusterStopping,
    Order.LEASE_LOST: LeaseLost,
    Order.MEMORY: MemoryLimitExceeded,
}


class CallWindow:
    """Takes the place of django-q2's TimeoutHandler around the call of the task's function.

    Only inside it is an order obeyed. What would end the process instead of the task (SystemExit,
    KeyboardInterrupt, a stray CancelledError) becomes a failure of the task.
    """

    def __init__(self, slot: Slot, profile: SeatProfile) -> None:
        self._slot = slot
        self._profile = profile
        self._is_open = False
        self._is_looking = False
        self.timeout_seconds: float | None = None
        self.was_refused_memory = False

    def __call__(self, timeout: float) -> CallWindow | TimeoutHandler:
        """What django-q2's loop makes of it before each call; it is the supervisor who watches.

        A task that a running task calls with sync=True has django-q2's own alarm.
        """
        return TimeoutHandler(timeout) if self._is_open else self

    def __enter__(self) -> None:
        signal.signal(INTERRUPT_SIGNAL, self._obey)
        self._is_open = True

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Literal[False]:
        self._is_open = False
        take_back_signals()
        if error is not None:
            self.judge(error)
        if error is not None and not isinstance(error, (Exception, TimeoutException)):
            raise TaskExited(f"The task raised {describe_exception(error)}") from error
        return False

    def judge(self, error: BaseException) -> None:
        """Note whether memory was refused, and refuse no more: what handles `error` needs some."""
        if is_refusal(error):
            self._profile.see_no_more()
            self.was_refused_memory = True
            lift_burst_limit()

    def close(self) -> None:
        """Obey nothing any more; where an order came between a call's entry and its first line."""
        self._is_open = False

    def _obey(self, number: int, frame: FrameType | None) -> None:
        order = self._slot.order
        if not self._is_open or self._is_looking or order is Order.NONE:
            return
        if order is Order.TIMEOUT:
            raise JobTimedOut(describe_timeout(self.timeout_seconds))
        if order is Order.MEMORY:
            self._look_once_more(frame)
        raise INTERRUPTS[order](INTERRUPTS[order].__doc__)

    def _look_once_more(self, frame: FrameType | None) -> None:
        """The signal is repeated: one that came meanwhile would begin to look within this look."""
        self._is_looking = True
        try:
            self._profile.see_last(frame)
        finally:
            self._is_looking = False


class CallSignal:
    """Takes the place of a signal that django-q2's loop sends before or behind each call.

    Receivers are operators' code that knows the operators' tasks: they are not told of the jobs
    that finish those, which no cluster of django-q2's has.
    """

    def __init__(self, signal: Signal) -> None:
        self._signal = signal

    def send(self, *, sender: str, func: Any, task: Mapping[str, Any]) -> None:
        """Send it on, except around an aftermath. Raises what a receiver raises."""
        if task["func"] not in AFTERMATH_FUNCTIONS:
            self._signal.send(sender=sender, func=func, task=task)


def describe_timeout(timeout_seconds: float | None) -> str:
    """What django-q2 says of a task that took too long."""
    return f"Task exceeded maximum timeout value ({timeout_seconds or 0:g} seconds)"
