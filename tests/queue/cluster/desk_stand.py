"""A desk with a fake database, on a clock that is moved by hand."""

from __future__ import annotations

import selectors
from types import SimpleNamespace
from typing import Any

import pytest

from processing.memory.gate import Gate
from processing.queue.claims import Claim
from processing.queue.cluster import desk as desk_module
from processing.queue.cluster import unsettled as unsettled_module
from processing.queue.cluster.census import Reading
from processing.queue.cluster.desk import Desk
from processing.queue.cluster.gatekeeper import Gatekeeper
from processing.queue.cluster.ledger import Orders
from processing.queue.cluster.load import Load
from processing.queue.cluster.pace import Pace
from processing.queue.cluster.stat import Vitals
from processing.queue.ending import SUCCEEDED, Ending
from tests.queue.cluster.fake_ledger import FakeLedger, FakeStats
from tests.queue.cluster.in_hand import Clock, make_claim, make_plan

SEATS = 2
#: More looks than any test takes that does not look all the time.
MOST_LOOKS = 1000

VITALS = Vitals(
    seat_pids=(1, 2),
    running_count=0,
    ready_count=0,
    ending_count=0,
    restarts=0,
    is_stopping=False,
)


class DeskStand:
    """The desk, and what stands around it in a supervisor."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, selector: selectors.BaseSelector) -> None:
        self.clock = Clock()
        self.ledger = FakeLedger()
        self.stats = FakeStats(self.clock)
        self.selector = selector
        for module in (desk_module, unsettled_module):
            monkeypatch.setattr(module, "time", self.clock)
        monkeypatch.setattr(desk_module.Patience, "start", lambda patience: None)
        pace = Pace(SEATS)
        self.guard: Any = SimpleNamespace(reading=Reading(at=0.0, usage_bytes=0))
        seats: Any = []
        self.gatekeeper = Gatekeeper(Gate(make_plan(seats=SEATS)), seats, self.guard)
        ledger: Any = self.ledger
        stats: Any = self.stats
        self.desk = Desk(ledger, pace, self.gatekeeper, stats, selector)

    def work(
        self, *, idle: int = SEATS, running: int = 0, waiting: int = 0, is_held: bool = False
    ) -> Orders:
        """One look, with so many seats idle, tasks running, and tasks in hand behind these."""
        load = make_load(idle=idle, running=running, waiting=waiting, is_held=is_held)
        return self.desk.work(self.clock.now, load)

    def settle_in(self) -> None:
        """Look until there is nothing to do but to wait."""
        for _ in range(3):
            self.work()
        self.desk.publish(self.clock.now, lambda: VITALS)
        self.stats.published.clear()
        assert self.next_seconds() > 0
        self.ledger.asked_counts.clear()

    def claim(self, count: int) -> list[Claim]:
        """Have so many jobs ready."""
        claims = self.ledger.queue(count)
        self.desk.wake()
        self.ledger.wakeup.is_changed = True
        self.work(idle=count)
        assert list(self.desk.ready.claims) == claims
        self.ledger.asked_counts.clear()
        return claims

    def next_seconds(self, *, idle: int = SEATS, running: int = 0, waiting: int = 0) -> float:
        """How long until it wants to look again."""
        load = make_load(idle=idle, running=running, waiting=waiting)
        return self.desk.next_at(load) - self.clock.now

    def live_through(self, seconds: float, *, idle: int = SEATS, running: int = 0) -> int:
        """Look whenever the desk wants to, as a supervisor does; returns how often that was.

        What becomes ready is begun at once by the idle seats, and ends before they are looked at.
        """
        ends_at = self.clock.now + seconds
        for count in range(MOST_LOOKS):
            self.work(idle=idle, running=running)
            for _ in range(min(idle, len(self.desk.ready))):
                self.desk.ready.claims.popleft()
            self.desk.publish(self.clock.now, lambda: VITALS)
            self.clock.now += max(0.0, self.next_seconds(idle=idle, running=running))
            if self.clock.now >= ends_at:
                return count + 1
        raise AssertionError("it looks all the time")


def make_load(*, idle: int = 0, running: int = 0, waiting: int = 0, is_held: bool = False) -> Load:
    """So many seats idle, tasks running, and tasks in hand behind these."""
    in_hand = tuple(make_claim().delivery for _ in range(running + waiting))
    return Load(idle_count=idle, waiting_count=waiting, in_hand=in_hand, is_held=is_held)


def make_ending() -> Ending:
    """A task that ended well and left a little behind."""
    return Ending(delivery=make_claim().delivery, outcome=SUCCEEDED, task={"result": "1234"})
