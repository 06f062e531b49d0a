"""A task in a seat's hands: it runs, or it is the seat's next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from processing.queue.claims import Claim
from processing.queue.cluster.board import Order, Slot


@dataclass(kw_only=True, eq=False)
class Running:
    """What supervisor and watch know of it; times are of the monotonic clock, in seconds."""

    claim: Claim
    seat_pid: int
    slot: Slot
    turn: int
    order: Order = Order.NONE
    ordered_at: float = 0.0
    signal_at: float = 0.0

    @property
    def is_under_way(self) -> bool:
        """Whether the seat has begun with it and not yet told how it ended."""
        return self.slot.begun == self.turn > self.slot.told

    @property
    def has_ended(self) -> bool:
        """Whether it has ended; the seat may still be telling how, or the report be unread."""
        return self.slot.ended >= self.turn

    def is_of(self, report: Mapping[str, Any]) -> bool:
        """Whether a seat's report is of this task."""
        delivery = self.claim.delivery
        return bool(report["job"] == delivery.job_id.hex and report["delivery"] == delivery.number)
