"""Ending tasks: those that took too long, and those that somebody ordered to end.

In a thread of its own, because the supervisor may wait for the database meanwhile.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable

from processing.queue.cluster.board import Order
from processing.queue.cluster.call import INTERRUPT_SIGNAL
from processing.queue.cluster.last_stack import HAS_STACK, STACK_SIGNAL, read_stack
from processing.queue.cluster.running import Running

logger = logging.getLogger(__name__)

#: An ordered interrupt is repeated: a task may catch one.
REPEAT_SECONDS = 0.25
#: A task that goes on for so long after the first is killed.
KILL_SECONDS = 2.0
#: The same where its allocations are traced: to free many small objects takes far longer then.
KILL_PROFILED_SECONDS = 10.0
#: So long before that it is asked where it is, in seconds: on a busy machine it may have no turn to
#: write it down for some tenths of that.
STACK_SECONDS = 0.6
#: Its wait while nothing runs that has an end; somebody wakes it then. Seconds.
IDLE_SECONDS = 60.0
#: A task that its seat has not begun is looked at again when it may have run for its time, but not
#: more often than this; seconds.
LOOK_SECONDS = 0.025


class Watch:
    """Looks at what runs whenever something is due to happen to it."""

    def __init__(self, send_signal: Callable[[int, int], None]) -> None:
        self._send_signal = send_signal
        self._running: set[Running] = set()
        self._changed = threading.Condition()
        self._has_tasks = threading.Event()
        self._is_stopping = False
        self._wakes_at = 0.0

    def start(self) -> None:
        """Start the thread; it ends with the process."""
        threading.Thread(target=self._main, name="watch", daemon=True).start()

    def begin(self, running: Running) -> None:
        """A seat has been given a task."""
        with self._changed:
            self._running.add(running)
            self._has_tasks.set()
            timeout_seconds = running.claim.timeout_seconds
            if timeout_seconds is not None and time.monotonic() + timeout_seconds < self._wakes_at:
                self._changed.notify()

    def end(self, running: Running) -> None:
        """Its end is known."""
        with self._changed:
            self._running.discard(running)

    def order(self, running: Running, order: Order, reason: str = "") -> None:
        """End a task. The first order is what counts; one of a kind that is known is ignored."""
        with self._changed:
            self._is_stopping |= order is Order.STOP
            if order is Order.MEMORY and running.has_ended:
                return  # what it took it has given back
            if running in self._running and running.order is Order.NONE:
                running.order_reason = reason
                self._give_order(running, order, time.monotonic())
                self._changed.notify()

    def wait_for_tasks(self, seconds: float) -> None:
        """Wait until a seat has a task in its hands, at most so long."""
        if not self._has_tasks.wait(seconds):
            return
        with self._changed:
            if not self._running:
                self._has_tasks.clear()

    def find_under_way(self) -> list[Running]:
        """The tasks that run."""
        with self._changed:
            return [one for one in self._running if one.is_under_way and not one.has_ended]

    def tick(self, now: float) -> float:
        """Do what is due; returns the seconds until the next thing is."""
        with self._changed:
            waits = [self._tend(running, now) for running in self._running]
            self._wakes_at = now + min(waits, default=IDLE_SECONDS)
            return self._wakes_at - now

    def _main(self) -> None:
        while True:
            with self._changed:
                try:
                    wait_seconds = self.tick(time.monotonic())
                except Exception:  # a watch that ends would let every task run on
                    logger.exception("the watch stumbled")
                    wait_seconds = REPEAT_SECONDS
                self._changed.wait(wait_seconds)

    def _tend(self, running: Running, now: float) -> float:
        if running.order is Order.NONE:
            wait_seconds = self._find_seconds_left(running, now)
            if wait_seconds > 0:
                return wait_seconds
            self._give_order(running, Order.TIMEOUT, now)
        if running.has_ended:
            return REPEAT_SECONDS  # its report waits until the supervisor has time
        kill_at = running.ordered_at + self._find_patience(running)
        if now >= kill_at:
            running.last_stack = running.last_stack or read_stack(running.seat_pid)
            self._send_signal(running.seat_pid, signal.SIGKILL)
            return KILL_SECONDS
        if now >= kill_at - STACK_SECONDS and not running.is_asked_for_stack:
            running.is_asked_for_stack = True
            if HAS_STACK:
                self._send_signal(running.seat_pid, STACK_SIGNAL)
        if now >= running.signal_at:
            self._send_signal(running.seat_pid, INTERRUPT_SIGNAL)
            running.signal_at = now + REPEAT_SECONDS
        ask_at = kill_at if running.is_asked_for_stack else kill_at - STACK_SECONDS
        return min(running.signal_at, ask_at) - now

    def _find_patience(self, running: Running) -> float:
        is_traced = running.claim.runs_alone and running.order is Order.MEMORY
        return KILL_PROFILED_SECONDS if is_traced and not self._is_stopping else KILL_SECONDS

    def _find_seconds_left(self, running: Running, now: float) -> float:
        if running.claim.timeout_seconds is None:
            return IDLE_SECONDS
        if not running.is_under_way or running.has_ended:
            return max(running.claim.timeout_seconds, LOOK_SECONDS)
        return running.slot.began_at + running.claim.timeout_seconds - now

    def _give_order(self, running: Running, order: Order, now: float) -> None:
        running.order = order
        # Once it has ended the seat may be at another, and that one may be ordered to end.
        if not running.has_ended:
            running.slot.give_order(order, running.turn)
        running.ordered_at = running.signal_at = now
