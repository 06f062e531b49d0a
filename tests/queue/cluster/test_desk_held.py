"""The desk while nothing more may be begun."""

from __future__ import annotations

import selectors
from collections.abc import Iterator

import pytest

from processing.queue.cluster.ready import RELEASE_SECONDS
from tests.queue.cluster.desk_stand import SEATS, VITALS, DeskStand, make_load


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch) -> Iterator[DeskStand]:
    with selectors.DefaultSelector() as selector:
        stand = DeskStand(monkeypatch, selector)
        stand.settle_in()
        yield stand


def test_while_the_seats_are_held_nothing_is_claimed_and_what_is_ready_goes_back(
    stand: DeskStand,
) -> None:
    claims = stand.claim(SEATS)
    stand.work(is_held=True)
    assert list(stand.desk.ready.claims) == claims, "it may be over in a moment"
    stand.clock.now += RELEASE_SECONDS
    stand.ledger.queue(5)
    stand.ledger.wakeup.is_changed = True
    stand.work(is_held=True)
    assert (stand.ledger.released, stand.ledger.asked_counts) == (claims, [])
    assert not stand.desk.found_nothing
    stand.work()
    assert stand.ledger.asked_counts == [SEATS]


def test_while_the_seats_are_held_the_desk_does_not_look_all_the_time(stand: DeskStand) -> None:
    stand.claim(SEATS)
    stand.ledger.queue(5)
    held = make_load(idle=SEATS, is_held=True)
    looks = 0
    ends_at = stand.clock.now + 20
    while stand.clock.now < ends_at:
        stand.ledger.wakeup.has_sign = True
        stand.desk.work(stand.clock.now, held)
        stand.desk.publish(stand.clock.now, lambda: VITALS)
        stand.clock.now = max(stand.clock.now + 0.001, stand.desk.next_at(held))
        looks += 1
    assert looks < 50
