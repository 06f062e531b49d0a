"""A seat in this process, with the supervisor's ends of its sockets in the test's hands."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from django_q import worker as django_q_worker
from django_q.signing import SignedPackage

from processing.memory.limit import lift_burst_limit
from processing.queue.cluster import seat as seat_module
from processing.queue.cluster.board import Board, Slot
from processing.queue.cluster.call import INTERRUPT_SIGNAL
from processing.queue.cluster.channel import pack_message, read_message
from processing.queue.cluster.seat import Seat, Timer
from processing.queue.cluster.tickets import Tickets
from processing.queue.current import current

JOB = uuid4()
WAIT_SECONDS = 20.0
LIMIT_BYTES = 1024 * 1024 * 1024


class Exited(BaseException):
    """The process would have ended."""


class SeatStand:
    """A seat, its slot, and the supervisor's ends of its sockets."""

    def __init__(self, open_sockets: ExitStack) -> None:
        self.supervisor, self.stream = socket.socketpair()
        self.issued, self.taken = socket.socketpair()
        for stream in (self.supervisor, self.stream, self.issued, self.taken):
            open_sockets.enter_context(stream)
        self.slot: Slot = Board(1).slot(0)
        self.seat = Seat(self.stream, self.taken, self.slot)
        self.tickets = Tickets(self.issued, self.taken)
        self.supervisor.settimeout(WAIT_SECONDS)
        self.is_profiled = False
        self._turn = 0

    def give(self, package: str | None = None, *, job_id: UUID = JOB, **task: Any) -> int:
        """Send it a task, and the ticket to begin it; returns its turn."""
        turn = self.send(package, job_id=job_id, **task)
        self.tickets.issue([turn])
        return turn

    def send(self, package: str | None = None, *, job_id: UUID = JOB, **task: Any) -> int:
        """Send it a task that it may not begin yet; returns its turn."""
        self._turn += 1
        message = {
            "turn": self._turn,
            "job": job_id.hex,
            "delivery": 3,
            "timeout_seconds": 2.5,
            "limit_bytes": LIMIT_BYTES,
            "is_profiled": self.is_profiled,
            "package": make_package(**task) if package is None else package,
        }
        self.supervisor.sendall(pack_message(message))
        return self._turn

    def read_report(self) -> dict[str, Any]:
        report = read_message(self.supervisor)
        assert report is not None
        return report

    def run_loop(self) -> None:
        """Run django-q2's loop on what it was given, until there is no more."""
        self.issued.close()
        django_q_worker.worker(self.seat, self.seat, Timer(), None)


@contextmanager
def open_seat(monkeypatch: pytest.MonkeyPatch) -> Iterator[SeatStand]:
    """A seat whose end is an exception, and which leaves this process as it was."""
    handler = signal.getsignal(INTERRUPT_SIGNAL)

    def leave(status: int) -> None:
        raise Exited(status)

    monkeypatch.setattr(seat_module.os, "_exit", leave)
    try:
        with ExitStack() as open_sockets:
            stand = SeatStand(open_sockets)
            monkeypatch.setattr(django_q_worker, "TimeoutHandler", stand.seat.window)
            yield stand
    finally:
        current.end()
        signal.signal(INTERRUPT_SIGNAL, handler)
        lift_burst_limit()


def make_package(**given: Any) -> str:
    task = {
        "id": JOB.hex,
        "name": "any",
        "func": "math.sqrt",
        "args": (4,),
        "kwargs": {},
        "started": timezone.now(),
    }
    return str(SignedPackage.dumps(task | given))


def read_message_now(stream: socket.socket) -> dict[str, Any] | None:
    """What has come, without waiting; None when nothing has."""
    stream.setblocking(False)
    try:
        return read_message(stream)
    except BlockingIOError:
        return None
