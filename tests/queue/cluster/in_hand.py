"""Tasks in a seat's hands, without a seat."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

from processing.memory.plan import WorkerPlan
from processing.memory.quota import Quota
from processing.queue.claims import Claim, Delivery
from processing.queue.cluster.board import Board, Order
from processing.queue.cluster.running import Running

SEAT_PID = 4321
BEGAN_AT = 1000.0
ENDED_AT = 1002.0
TURN = 7
MIB = 1024 * 1024
SIZE_BYTES = 40 * MIB
LIMIT_BYTES = 64 * MIB
UNFILLED_BYTES = 30 * MIB


class Clock:
    """Stands where a module has `time`; it stands still until it is moved."""

    def __init__(self) -> None:
        self.now = BEGAN_AT

    def monotonic(self) -> float:
        return self.now


def make_claim(*, number: int = 1, **given: Any) -> Claim:
    """A claim of a job that is in no database."""
    delivery = Delivery(job_id=uuid4(), number=number)
    defaults = {"package": "not a package", "timeout_seconds": None}
    return Claim(delivery=delivery, **(defaults | given))


def make_waiting(*, timeout_seconds: float | None = None, order: Order = Order.NONE) -> Running:
    """A task that its seat has not begun."""
    return Running(
        claim=make_claim(timeout_seconds=timeout_seconds),
        seat_pid=SEAT_PID,
        slot=Board(1).slot(0),
        turn=TURN,
        limit_bytes=LIMIT_BYTES,
        order=order,
    )


def make_running(
    *,
    timeout_seconds: float | None = None,
    order: Order = Order.NONE,
    runs_alone: bool = False,
) -> Running:
    """A task that began at BEGAN_AT."""
    running = make_waiting(timeout_seconds=timeout_seconds, order=order)
    running.claim = replace(running.claim, runs_alone=runs_alone)
    running.slot.begin(TURN, BEGAN_AT, SIZE_BYTES, UNFILLED_BYTES)
    return running


def make_plan(*, seats: int = 2) -> WorkerPlan:
    """The plan of a cluster with room for any test."""
    quota = Quota(limit_bytes=8192 * MIB, source="a test", restart_bytes=8192 * MIB)
    return WorkerPlan(quota=quota, given_seats=seats, given_task_limit_bytes=1024 * MIB)


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
        "held_bytes": SIZE_BYTES,
        "peak_memory_bytes": 4096,
        "ended_at": ENDED_AT,
    }
    return defaults | given
