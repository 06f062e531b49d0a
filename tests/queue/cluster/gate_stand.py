"""Desk, hands and seats around a gate, on a clock and a memory that are set by hand."""

from __future__ import annotations

import selectors
from contextlib import ExitStack
from typing import Any

import pytest

from processing.memory.units import MIB
from processing.queue.claims import Claim
from processing.queue.cluster import link as link_module
from processing.queue.cluster.census import Reading
from processing.queue.cluster.hands import Hands
from processing.queue.cluster.link import Link
from processing.queue.cluster.running import Running
from processing.queue.cluster.seats import Seats
from processing.queue.cluster.watch import Watch
from tests.queue.cluster.desk_stand import VITALS, DeskStand, make_ending
from tests.queue.cluster.in_hand import make_claim
from tests.queue.cluster.link_stand import report_of
from tests.queue.cluster.seats_stand import SeatsStand

#: 85 % of the quota of the plan in in_hand.py.
FREE_MB = 6963
#: More ticks than any supervisor has in the time that a test lets pass.
MOST_TICKS = 10_000


class GateStand:
    """What a supervisor does with these parts, without its processes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, open_sockets: ExitStack) -> None:
        selector = open_sockets.enter_context(selectors.DefaultSelector())
        self.desk_stand = DeskStand(monkeypatch, selector)
        self.clock = self.desk_stand.clock
        monkeypatch.setattr(link_module, "time", self.clock)
        self.desk, self.ledger = self.desk_stand.desk, self.desk_stand.ledger
        monkeypatch.setattr(self.ledger, "release", self._release)
        seats_stand = SeatsStand(self.clock, open_sockets)
        seats_stand.start_all()
        self.seats: Seats = seats_stand.seats
        self.start_seat = seats_stand.start
        self.gatekeeper = self.desk_stand.gatekeeper
        self.gatekeeper._seats = self.seats
        watch = Watch(lambda pid, number: None)
        given: list[Link] = []
        self.hands = Hands(self.seats, self.gatekeeper, watch, self.desk.ready, given.append)
        self.released: list[Claim] = []

    def queue(self, *sizes_mb: int, **given: Any) -> list[Claim]:
        """Have jobs on the queue that may take so much, and say that it has changed."""
        claims = [make_claim(memory_limit_bytes=size * MIB, **given) for size in sizes_mb]
        self.ledger.queued += claims
        self.ledger.wakeup.is_changed = True
        self.desk.wake()
        return claims

    def use(self, usage_mb: int) -> None:
        """Have so much in use besides what tasks have grown by."""
        used_bytes = usage_mb * MIB
        reading = Reading(at=self.clock.now, usage_bytes=used_bytes, base_bytes=used_bytes)
        self.desk_stand.guard.reading = reading

    def tick(self) -> None:
        """One round of the supervisor."""
        self.hands.hand_out(self.clock.now, most_in_hand=1)
        self.desk.work(self.clock.now, self.seats.load)
        self.hands.hand_out(self.clock.now, most_in_hand=1)
        for link in self.gatekeeper.find_worn_seats():
            link.leave()
        self.desk.publish(self.clock.now, lambda: VITALS)

    def live_through(self, seconds: float) -> int:
        """Do rounds whenever the desk wants to; returns how many."""
        ends_at = self.clock.now + seconds
        for count in range(MOST_TICKS):
            self.tick()
            wait_seconds = self.desk.next_at(self.seats.load) - self.clock.now
            self.clock.now += max(0.0, wait_seconds)
            if self.clock.now >= ends_at:
                self.clock.now = ends_at
                return count + 1
        raise AssertionError("it looks all the time")

    def end(self, claim: Claim) -> None:
        """The task of this claim ends well."""
        for link in self.seats:
            for running in list(link.hand):
                if running.claim is claim:
                    link.has_worked = True
                    link.finish(report_of(running))
                    self.desk.add(make_ending())

    @property
    def running(self) -> list[Claim]:
        """What is in the seats' hands, in the order of the seats."""
        return [one.claim for one in self.hand]

    @property
    def hand(self) -> list[Running]:
        """The same, with what is known of it."""
        return [running for link in self.seats for running in link.hand]

    def _release(self, claims: list[Claim]) -> None:
        self.released += claims
        self.ledger.queued[:0] = claims
