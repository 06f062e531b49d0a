"""The first process of a cluster: it forks the others, reaps them, and holds nothing itself.

No connection to the database, no thread and nothing of any user is in its memory: a fork would
take all of that along, or break it.
"""

from __future__ import annotations

import gc
import logging
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from django.db import connection, connections

from processing.backoff import double_wait
from processing.queue.cluster.board import Board
from processing.queue.cluster.control import Control
from processing.queue.cluster.options import ClusterOptions
from processing.queue.cluster.outcome import describe_status
from processing.queue.cluster.processes import (
    STOP_SIGNALS,
    become_child,
    kill_group,
    listen_to_signals,
    peek_ended_child,
)
from processing.queue.cluster.seat import run_seat
from processing.queue.cluster.supervisor import run_supervisor
from processing.queue.cluster_name import ClusterName
from processing.uploads.store import get_store

logger = logging.getLogger(__name__)

#: Heroku may send its signal twice, and a group's signal comes together with the shell's: what
#: comes so soon, in seconds, is the same wish to stop.
SAME_STOP_SECONDS = 0.5
#: What the supervisor may need on top of the grace to end what runs and to settle it, in seconds.
LAST_WORK_SECONDS = 6.0
#: The wait before a supervisor is started again that lived for less than SETTLED_SECONDS.
RESTART_FIRST_SECONDS = 0.1
RESTART_MOST_SECONDS = 5.0
SETTLED_SECONDS = 10.0
#: Nothing is waited for that no signal tells of, but a clock may run ahead; seconds.
LONGEST_SLEEP_SECONDS = 60.0


class Template:
    """Starts a supervisor and, as that asks for them, the seats; starts them anew when it dies."""

    def __init__(self, options: ClusterOptions) -> None:
        self._options = options
        self._board = Board(options.plan.seats)
        self._seats: dict[int, int] = {}
        self._supervisor_pid: int | None = None
        self._control: Control | None = None
        self._generation = 0
        self._started_at = 0.0
        self._restart_at = 0.0
        self._failed_starts = 0
        self._stop_count = 0
        self._stopped_at: float | None = None
        self._exit_status: int | None = None
        self._selector = selectors.DefaultSelector()

    def run(self) -> int:
        """Run the cluster until it is told to stop, or has drained the queue; its exit status."""
        wakeup_fd = self._listen_to_signals()
        connections.close_all()
        _ = connection.vendor  # its driver is loaded once, for all of them
        get_store()  # and so is what the store brings along
        gc.collect()
        gc.freeze()
        while self._exit_status is None:
            self._tick(time.monotonic())
            for key, _ in self._selector.select(self._sleep_seconds(time.monotonic())):
                if key.fd == wakeup_fd:
                    self._take_signals(wakeup_fd)
                else:
                    self._take_messages()
        return self._exit_status

    def _listen_to_signals(self) -> int:
        reader = listen_to_signals((signal.SIGCHLD, *STOP_SIGNALS))
        self._selector.register(reader, selectors.EVENT_READ)
        return reader

    def _take_signals(self, wakeup_fd: int) -> None:
        numbers = os.read(wakeup_fd, 4096)
        if any(number in STOP_SIGNALS for number in numbers):
            self._stop(time.monotonic())

    def _stop(self, now: float) -> None:
        if self._stopped_at is None:
            self._stopped_at = now
        elif now - self._stopped_at < SAME_STOP_SECONDS:
            return
        self._stop_count += 1
        logger.info("stopping%s", ", at once" if self._stop_count > 1 else "")
        self._send({"stop": self._stop_count})

    def _tick(self, now: float) -> None:
        self._reap()
        if self._supervisor_pid is None and self._exit_status is None:
            if self._stopped_at is not None:
                self._exit_status = 0
            elif now >= self._restart_at:
                self._start_supervisor(now)
        elif self._supervisor_pid is not None and now >= self._overdue_at:
            logger.error("the supervisor did not stop in time and is killed")
            os.kill(self._supervisor_pid, signal.SIGKILL)
            self._stopped_at = now

    @property
    def _overdue_at(self) -> float:
        """When a supervisor that was told to stop should have done so."""
        if self._stopped_at is None:
            return float("inf")
        return self._stopped_at + self._options.grace_seconds + LAST_WORK_SECONDS

    def _sleep_seconds(self, now: float) -> float:
        ends = [now + LONGEST_SLEEP_SECONDS, self._overdue_at]
        if self._supervisor_pid is None:
            ends.append(self._restart_at)
        return max(0.0, min(ends) - now)

    def _start_supervisor(self, now: float) -> None:
        self._generation += 1
        name = ClusterName.of_this_process(self._generation)
        ours, theirs = socket.socketpair()
        parent_pid = os.getpid()

        def be_supervisor() -> int:
            ours.close()
            return run_supervisor(
                Control(theirs), self._board, name, self._options, parent_pid=parent_pid
            )

        pid = self._fork(be_supervisor)
        theirs.close()
        if pid is None:
            ours.close()
            self._restart_at = now + RESTART_MOST_SECONDS
            return
        self._supervisor_pid = pid
        self._control = Control(ours)
        self._selector.register(ours, selectors.EVENT_READ)
        self._started_at = now

    def _take_messages(self) -> None:
        assert self._control is not None
        try:
            messages = self._control.receive()
        except EOFError:  # it dies; that is seen when it is reaped
            self._selector.unregister(self._control.stream)
            return
        for message in messages:
            if "fork" in message:
                self._start_seat(message["fork"])
            elif message["pid"] in self._seats:  # not reaped yet, so it is no other's id
                with suppress(ProcessLookupError):
                    os.killpg(message["pid"], message["signal"])

    def _start_seat(self, index: int) -> None:
        ours, theirs = socket.socketpair()
        issued, taken = socket.socketpair()
        slot = self._board.slot(index)
        slot.clear()
        parent_pid = os.getpid()

        def be_seat() -> int:
            ours.close()
            issued.close()
            assert self._control is not None
            self._control.close()
            run_seat(theirs, taken, slot, index=index, parent_pid=parent_pid)
            return 0

        pid = self._fork(be_seat)
        if pid is None:
            self._send({"unborn": index})
        else:
            self._seats[pid] = index
            self._send({"seat": index, "pid": pid}, [ours, issued, taken])
        for stream in (ours, theirs, issued, taken):
            stream.close()

    def _fork(self, be_child: Callable[[], int]) -> int | None:
        """The child's id; None where there are too many processes, or not enough memory."""
        # A signal that came in between would go to the template's own pipe.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        try:
            pid = os.fork()
        except OSError as error:
            logger.error("a process cannot be started: %s", error)
            pid = None
        if pid == 0:
            become_child(be_child)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
        return pid

    def _reap(self) -> None:
        """Look at every child that has ended; its group first, while the id is still its own."""
        while (ended := peek_ended_child()) is not None:
            pid, status = ended
            if pid in self._seats:
                kill_group(pid)
            os.waitpid(pid, 0)
            if pid == self._supervisor_pid:
                self._end_supervisor(status)
            elif self._seats.pop(pid, None) is not None:
                self._send({"exit": pid, "status": status})

    def _end_supervisor(self, status: int) -> None:
        self._supervisor_pid = None
        assert self._control is not None
        with suppress(KeyError):
            self._selector.unregister(self._control.stream)
        self._control.close()
        self._control = None
        for pid in self._seats:
            kill_group(pid)
            os.waitpid(pid, 0)
        self._seats.clear()
        if status == 0:
            self._exit_status = 0
            return
        now = time.monotonic()
        is_early = now - self._started_at < SETTLED_SECONDS
        self._failed_starts = self._failed_starts + 1 if is_early else 0
        self._restart_at = now
        if self._failed_starts > 1:
            self._restart_at += double_wait(
                RESTART_FIRST_SECONDS, self._failed_starts, most_seconds=RESTART_MOST_SECONDS
            )
        if self._stopped_at is None:
            ended = describe_status(status)
            logger.critical("the supervisor died (%s) and is started again", ended)

    def _send(self, message: dict[str, Any], attached: Sequence[socket.socket] = ()) -> None:
        if self._control is not None:
            self._control.send(message, attached)
