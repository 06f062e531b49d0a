"""A seat in this process, with the supervisor's end of its socket in the test's hands."""

from __future__ import annotations

import socket
from typing import Any
from uuid import UUID, uuid4

from django.utils import timezone
from django_q import worker as django_q_worker
from django_q.signing import SignedPackage

from processing.queue.cluster.board import Board, Slot
from processing.queue.cluster.channel import pack_message, read_message
from processing.queue.cluster.seat import Seat, Timer

JOB = uuid4()


class Exited(BaseException):
    """The process would have ended."""


class SeatStand:
    """A seat, its slot, and the supervisor's end of its socket."""

    def __init__(self, ours: socket.socket, theirs: socket.socket) -> None:
        self.slot: Slot = Board(1).slot(0)
        self.stream = theirs
        self.seat = Seat(theirs, self.slot)
        self.supervisor = ours
        ours.settimeout(20)

    def give(self, package: str | None = None, *, job_id: UUID = JOB, **task: Any) -> None:
        """Send it a task."""
        message = {
            "job": job_id.hex,
            "delivery": 3,
            "timeout_seconds": 2.5,
            "package": make_package(**task) if package is None else package,
        }
        self.supervisor.sendall(pack_message(message))

    def read_report(self) -> dict[str, Any]:
        report = read_message(self.supervisor)
        assert report is not None
        return report

    def run_loop(self) -> None:
        """Run django-q2's loop on what it was given, until there is no more."""
        self.supervisor.shutdown(socket.SHUT_WR)
        django_q_worker.worker(self.seat, self.seat, Timer(), None)


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
