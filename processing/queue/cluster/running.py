"""A task in a seat's hands: it runs, or it is the seat's next."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Any

from processing.memory.profiler import Profile
from processing.memory.unfilled import Unfilled
from processing.queue.claims import Claim
from processing.queue.cluster.board import Order, Slot


@dataclass(kw_only=True, eq=False)
class Running:
    """What supervisor, watch and guard know of it; times are of the monotonic clock, in seconds.

    It may add `limit_bytes` to its seat, and is expected to add `expected_bytes` at most.
    `grown_bytes` is what it has added, with its children, at the guard's last look, `most_bytes`
    the most of any look. `order_reason` says why it was ordered to end, where that is more than
    what it did itself. `profile` is what it had allocated when its seat last told, where it runs
    under a profile. `last_stack` is a traceback of where it was when it was killed.
    """

    claim: Claim
    seat_pid: int
    slot: Slot
    turn: int
    limit_bytes: int
    expected_bytes: int = 0
    grown_bytes: int = 0
    most_bytes: int = 0
    unfilled: dict[int, Unfilled] = field(default_factory=dict)
    order: Order = Order.NONE
    order_reason: str = ""
    ordered_at: float = 0.0
    signal_at: float = 0.0
    profile: Profile = field(default_factory=list)
    last_stack: str = ""
    is_asked_for_stack: bool = False

    @property
    def is_under_way(self) -> bool:
        """Whether the seat has begun with it and not yet told how it ended."""
        return self.slot.begun == self.turn > self.slot.told

    @property
    def has_ended(self) -> bool:
        """Whether it has ended; the seat may still be telling how, or the report be unread."""
        return self.slot.ended >= self.turn

    @property
    def has_been_looked_at(self) -> bool:
        """Whether the guard has seen its seat while it ran."""
        return self.seat_pid in self.unfilled

    def grow(self, grown_bytes: int) -> None:
        """It has added so much by now."""
        self.grown_bytes = grown_bytes
        self.most_bytes = max(self.most_bytes, grown_bytes)

    def find_unfilled(self, pid: int) -> Unfilled:
        """The unfilled address space of its seat or of a child, who began with as much at most."""
        if pid not in self.unfilled:
            self.unfilled[pid] = Unfilled(self.slot.unfilled_bytes)
        return self.unfilled[pid]

    def forget_unfilled_but(self, pids: Container[int]) -> None:
        """Forget those of children that are gone."""
        for pid in [pid for pid in self.unfilled if pid not in pids]:
            del self.unfilled[pid]

    def is_of(self, report: Mapping[str, Any]) -> bool:
        """Whether a seat's report is of this task."""
        delivery = self.claim.delivery
        return bool(report["job"] == delivery.job_id.hex and report["delivery"] == delivery.number)
