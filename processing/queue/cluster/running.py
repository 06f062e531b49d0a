"""A task in a seat's hands."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from processing.queue.claims import Claim
from processing.queue.cluster.board import Order, Slot


@dataclass(kw_only=True, eq=False)
class Running:
    """What supervisor and watch know of it; times are of the monotonic clock, in seconds."""

    claim: Claim
    seat_pid: int
    slot: Slot
    stream: socket.socket
    began_at: float = field(default_factory=time.monotonic)
    order: Order = Order.NONE
    ordered_at: float = 0.0
    signal_at: float = 0.0

    def is_of(self, report: Mapping[str, Any]) -> bool:
        """Whether a seat's report is of this task."""
        delivery = self.claim.delivery
        return bool(report["job"] == delivery.job_id.hex and report["delivery"] == delivery.number)

    @property
    def deadline(self) -> float | None:
        """When its time is up; None for a task that may take for ever."""
        timeout_seconds = self.claim.timeout_seconds
        return None if timeout_seconds is None else self.began_at + timeout_seconds
