"""Tasks in a seat's hands, without a seat."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from processing.queue.claims import Claim, Delivery
from processing.queue.cluster.board import Board, Order
from processing.queue.cluster.running import Running

SEAT_PID = 4321
BEGAN_AT = 1000.0


class Clock:
    """Stands where a module has `time`; it stands still until it is moved."""

    def __init__(self) -> None:
        self.now = BEGAN_AT

    def monotonic(self) -> float:
        return self.now


def make_claim(*, timeout_seconds: float | None = None, number: int = 1) -> Claim:
    """A claim of a job that is in no database."""
    delivery = Delivery(job_id=uuid4(), number=number)
    return Claim(delivery=delivery, package="not a package", timeout_seconds=timeout_seconds)


@contextmanager
def run_task(
    *, timeout_seconds: float | None = None, order: Order = Order.NONE
) -> Iterator[tuple[Running, socket.socket]]:
    """A task that began at BEGAN_AT, and the seat's end of its socket."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        running = Running(
            claim=make_claim(timeout_seconds=timeout_seconds),
            seat_pid=SEAT_PID,
            slot=Board(1).slot(0),
            stream=ours,
            began_at=BEGAN_AT,
            order=order,
        )
        yield running, theirs


def make_report(**given: Any) -> dict[str, Any]:
    """What a seat tells of a task that returned."""
    defaults = {
        "outcome": "succeeded",
        "is_final": False,
        "error": None,
        "result": {},
        "task": None,
        "jobs": {},
    }
    return defaults | given
