"""Replacing a web process by a new one while it serves: nothing is refused, nothing is cut.

A process writes on the board that it asks, and sends SIGTTIN to gunicorn's master, which begins one
more process. The old one takes no more connections when that is up, ends what it has, each answer
with "Connection: close", and exits when its last connection is closed. The master then counts one
less. It alone decides, one signal after the other, so that two that ask are not let go together;
whatever dies meanwhile, and whenever, it ends up with the number of processes that it had.
"""

from __future__ import annotations

import os
import signal
import time
from asyncio import AbstractEventLoop
from typing import Any, Protocol

from processing.web.board import Board, board
from processing.web.draining import begin_leaving

#: Between two replacements in one web, in seconds.
REPLACE_EVERY_SECONDS = 300.0
#: A process that leaves ends what it has within this time, in seconds, or is stopped like any
#: other. An idle connection is closed after gunicorn's keepalive of 95 s; an upload that trickles
#: may go on for ever.
LEAVE_SECONDS = 3600.0


class LeavingWorker(Protocol):
    """The part of gunicorn's asgi worker that serves connections."""

    alive: bool
    ppid: int
    nr_conns: int
    sockets: list[Any]
    loop: AbstractEventLoop


class Replacement:
    """In a web process: asks for its replacement, and leaves when it is granted."""

    def __init__(self, page: Board, worker: LeavingWorker) -> None:
        self._page = page
        self._worker = worker
        self._is_accepting = True

    @property
    def is_granted(self) -> bool:
        """Whether the master has let this process go."""
        return self._page.leaving_pid == os.getpid()

    def ask(self) -> bool:
        """Ask the master, unless it would say no; whether it was asked."""
        master_pid = self._worker.ppid
        if master_pid != os.getppid() or not _may_leave(self._page):
            return False
        self._page.asking_pid = os.getpid()
        os.kill(master_pid, signal.SIGTTIN)
        return True

    def advance(self) -> None:
        """Leave by one step where it is granted: called once a second until the process is gone."""
        if not self.is_granted or not self._page.newcomer_pid:
            return
        begin_leaving()
        for listener in self._worker.sockets:  # connections that wait there are the newcomer's
            self._worker.loop.remove_reader(listener.fileno())
        is_late = time.monotonic() >= self._page.leaving_since + LEAVE_SECONDS
        # What was accepted last is among the connections only with the next step.
        if not self._is_accepting and (not self._worker.nr_conns or is_late):
            self._worker.alive = False
        self._is_accepting = False


def announce(page: Board = board) -> None:
    """A process that is about to listen says so."""
    page.newcomer_pid = os.getpid()


def grant(server: Any, wanted_count: int, had_count: int | None, page: Board = board) -> None:
    """gunicorn's `nworkers_changed`, in the master: on SIGTTIN it wants one more.

    Where a process of its own has asked for that, it is let go, or the number stays.
    """
    asking_pid = page.asking_pid
    if had_count is None or wanted_count <= had_count or not asking_pid:
        return
    page.asking_pid = 0
    if asking_pid in server.WORKERS and _may_leave(page):
        page.newcomer_pid = 0
        page.leaving_since = time.monotonic()
        page.leaving_pid = asking_pid
    else:
        server.num_workers = had_count


def settle(server: Any, worker: Any, page: Board = board) -> None:
    """gunicorn's `child_exit`, in the master: who was let go is not to be made up for."""
    if worker.pid == page.leaving_pid:
        page.leaving_pid = 0
        server.num_workers = max(1, server.num_workers - 1)


def forget(server: Any, page: Board = board) -> None:
    """gunicorn's `on_reload`, in the master: it ends all its processes and counts anew."""
    page.asking_pid = page.leaving_pid = 0


def _may_leave(page: Board) -> bool:
    is_soon = time.monotonic() < page.leaving_since + REPLACE_EVERY_SECONDS
    return not page.leaving_pid and not (page.leaving_since and is_soon)
