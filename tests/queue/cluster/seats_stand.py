"""Seats as the supervisor has them, without processes."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from typing import Any

from processing.queue.cluster.board import Board
from processing.queue.cluster.link import Link
from processing.queue.cluster.seats import Seats
from processing.queue.cluster.tickets import Tickets
from tests.queue.cluster.in_hand import Clock, make_plan

PID = 1000


class SeatsStand:
    """Three seats, what the template was asked for, and the seats' own ends of their sockets."""

    def __init__(self, clock: Clock, open_sockets: ExitStack) -> None:
        self.clock = clock
        self.asked: list[dict[str, Any]] = []
        self.seats = Seats(make_plan(seats=3), Board(3), self.asked.append)
        self.ends: dict[int, socket.socket] = {}
        self._open_sockets = open_sockets
        self._next_pid = PID

    def start(self, index: int = 0) -> Link:
        """Have a seat started, as the template would."""
        ours, theirs = socket.socketpair()
        issued, taken = socket.socketpair()
        theirs.settimeout(20)
        for end in (ours, theirs, issued, taken):
            self._open_sockets.enter_context(end)
        pid, self._next_pid = self._next_pid, self._next_pid + 1
        self.ends[pid] = theirs
        return self.seats.add(index, pid, ours, Tickets(issued, taken))

    def start_all(self) -> None:
        """Have all asked for and started."""
        self.seats.start_missing(self.clock.now)
        for message in self.take_asked():
            self.start(message["fork"])

    def take_asked(self) -> list[dict[str, Any]]:
        asked = list(self.asked)
        self.asked.clear()
        return asked

    def die_early(self) -> float:
        """A seat dies before it was given a task; returns the wait for the next one."""
        self.seats.remove(self.start(), self.clock.now)
        return self.seats.next_start_at() - self.clock.now
