"""Tasks in a seat's hands, without a seat."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from processing.queue.claims import Claim, Delivery
from processing.queue.cluster.board import Board, Order
from processing.queue.cluster.running import Running

SEAT_PID = 4321
BEGAN_AT = 1000.0
ENDED_AT = 1002.0
TURN = 7


class Clock:
    """Stands where a module has `time`; it stands still until it is moved."""

    def __init__(self) -> None:
        self.now = BEGAN_AT

    def monotonic(self) -> float:
        return self.now


def make_claim(
    *, timeout_seconds: float | None = None, number: int = 1, package: str = "not a package"
) -> Claim:
    """A claim of a job that is in no database."""
    delivery = Delivery(job_id=uuid4(), number=number)
    return Claim(delivery=delivery, package=package, timeout_seconds=timeout_seconds)


def make_waiting(*, timeout_seconds: float | None = None, order: Order = Order.NONE) -> Running:
    """A task that its seat has not begun."""
    return Running(
        claim=make_claim(timeout_seconds=timeout_seconds),
        seat_pid=SEAT_PID,
        slot=Board(1).slot(0),
        turn=TURN,
        order=order,
    )


def make_running(*, timeout_seconds: float | None = None, order: Order = Order.NONE) -> Running:
    """A task that began at BEGAN_AT."""
    running = make_waiting(timeout_seconds=timeout_seconds, order=order)
    running.slot.begin(TURN, BEGAN_AT)
    return running


def make_report(**given: Any) -> dict[str, Any]:
    """What a seat tells of a task that returned."""
    defaults = {
        "outcome": "succeeded",
        "is_final": False,
        "error": None,
        "result": {},
        "task": None,
        "jobs": {},
        "began_at": BEGAN_AT,
        "peak_memory_bytes": 4096,
        "ended_at": ENDED_AT,
    }
    return defaults | given
