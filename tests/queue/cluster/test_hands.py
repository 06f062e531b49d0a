"""What the seats have in their hands: dealt out, taken back, and ended on order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, cast

import pytest

from processing.memory.gate import Gate
from processing.queue.claims import Claim
from processing.queue.cluster import link as link_module
from processing.queue.cluster.board import Order
from processing.queue.cluster.census import Reading
from processing.queue.cluster.gatekeeper import Gatekeeper
from processing.queue.cluster.guard import Guard
from processing.queue.cluster.hands import AHEAD_MOST_CHARACTERS, Hands, deal
from processing.queue.cluster.ledger import Orders
from processing.queue.cluster.link import SLOW_SECONDS, STUCK_SECONDS, Link
from processing.queue.cluster.ready import Ready
from processing.queue.cluster.running import Running
from processing.queue.cluster.seats import Seats
from processing.queue.cluster.watch import Watch
from tests.queue.cluster.in_hand import Clock, make_claim, make_plan
from tests.queue.cluster.link_stand import LinkStand, report_of

MOST = 4
LARGE_PACKAGE = "x" * (AHEAD_MOST_CHARACTERS + 1)


class FakeSeats(list[Link]):
    """Those that are there, and those that were killed."""

    def __init__(self, links: list[Link]) -> None:
        super().__init__(links)
        self.killed: list[Link] = []
        self.most_running: int | None = None

    def kill(self, link: Link) -> None:
        self.killed.append(link)


class HandsStand:
    """Three seats, what is ready for them, and what was given to whom."""

    def __init__(self, clock: Clock, open_sockets: ExitStack) -> None:
        self.clock = clock
        self.stands = [LinkStand(open_sockets, index=index) for index in range(3)]
        self.links = [stand.link for stand in self.stands]
        self.seats = FakeSeats(self.links)
        self.ready = Ready()
        self.watch = Watch(lambda pid, number: None)
        self.given: list[Link] = []
        seats = cast(Seats, self.seats)
        self.reading = Reading(at=0.0, usage_bytes=0)
        self.gate = Gate(make_plan(seats=3))
        gatekeeper = Gatekeeper(self.gate, seats, cast(Guard, self))
        self.hands = Hands(seats, gatekeeper, self.watch, self.ready, self.given.append)

    def hand_out(self, count: int, most: int = MOST, **options: Any) -> list[Claim]:
        """Have so many ready, and hand them out."""
        claims = [make_claim(**options) for _ in range(count)]
        self.ready.add(claims, self.clock.now)
        self.hands.hand_out(self.clock.now, most_in_hand=most)
        return claims

    @property
    def in_hand(self) -> list[list[Claim]]:
        return [[running.claim for running in link.hand] for link in self.links]

    @property
    def watched(self) -> set[Running]:
        return self.watch._running


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch) -> Iterator[HandsStand]:
    clock = Clock()
    monkeypatch.setattr(link_module, "time", clock)
    with ExitStack() as open_sockets:
        yield HandsStand(clock, open_sockets)


def share_out(stand: HandsStand, *packages: str, most: int = MOST) -> list[list[int]]:
    """Deal out claims with these packages; which of them each seat is to be given."""
    claims = [make_claim(package=package) for package in packages]
    ready = deque(claims)
    shares = {
        link.index: [claims.index(claim) for claim in share]
        for link, share in deal(ready, stand.links, most_in_hand=most, admit=lambda claim: True)
    }
    dealt = [number for share in shares.values() for number in share]
    assert sorted(dealt) == list(range(len(dealt))), "it is the front that is dealt out"
    assert list(ready) == claims[len(dealt) :]
    return [shares.get(index, []) for index in range(3)]


@pytest.mark.parametrize(
    ("count", "shares"),
    [
        (0, [[], [], []]),
        (2, [[0], [1], []]),
        (3, [[0], [1], [2]]),
        (7, [[0, 1, 2], [3, 4], [5, 6]]),
        (12, [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]),
        (50, [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]),
    ],
)
def test_what_is_ready_is_shared_evenly(
    stand: HandsStand, count: int, shares: list[list[int]]
) -> None:
    assert share_out(stand, *["p"] * count) == shares


def test_a_seat_with_less_in_its_hands_comes_first(stand: HandsStand) -> None:
    stand.links[0].give([make_claim(), make_claim()])
    stand.links[1].give([make_claim()])
    assert share_out(stand, "p") == [[], [], [0]]
    assert share_out(stand, *["p"] * 2) == [[], [1], [0]]


def test_no_seat_is_given_more_than_it_may_have(stand: HandsStand) -> None:
    stand.links[0].give([make_claim(), make_claim()])
    assert share_out(stand, *["p"] * 50, most=3) == [[6], [0, 1, 2], [3, 4, 5]]
    assert share_out(stand, *["p"] * 50, most=2) == [[], [0, 1], [2, 3]]
    assert share_out(stand, *["p"] * 50, most=1) == [[], [0], [1]]


def test_a_large_package_is_given_only_to_empty_hands(stand: HandsStand) -> None:
    assert share_out(stand, *[LARGE_PACKAGE] * 4) == [[0], [1], [2]]
    assert share_out(stand, "p", LARGE_PACKAGE, "p", "p", "p", "p") == [[0], [1, 2, 3], [4, 5]]
    for link in stand.links:
        link.give([make_claim()])
    assert share_out(stand, LARGE_PACKAGE, "p") == [[], [], []]


def test_what_is_handed_out_is_watched_and_the_seats_are_told_of(stand: HandsStand) -> None:
    claims = stand.hand_out(5)
    assert stand.in_hand == [claims[:2], claims[2:4], claims[4:]]
    assert stand.watched == {running for link in stand.links for running in link.hand}
    assert stand.given == stand.links
    assert len(stand.ready) == 0


@pytest.mark.parametrize(("most_running", "given"), [(None, 3), (2, 2), (1, 1), (0, 0)])
def test_no_more_seats_are_given_a_task_than_may_run_at_once(
    stand: HandsStand, most_running: int | None, given: int
) -> None:
    stand.seats.most_running = most_running
    stand.hand_out(3)
    assert [bool(link.hand) for link in stand.links].count(True) == given


def test_nothing_is_handed_to_seats_without_room(stand: HandsStand) -> None:
    stand.links[0].leave()
    stand.links[1].give([make_claim()])
    stand.clock.now += SLOW_SECONDS
    claims = stand.hand_out(5)
    assert stand.given == [stand.links[2]]
    assert stand.in_hand[2] == claims[:MOST]
    assert list(stand.ready.claims) == claims[MOST:]


def test_what_is_taken_back_has_its_old_place_and_is_watched_no_more(stand: HandsStand) -> None:
    claims = stand.hand_out(15)
    stand.stands[1].begin_next()
    stand.hands.take_back(stand.links[1])
    assert stand.in_hand[1] == claims[4:5]
    assert list(stand.ready.claims) == [*claims[5:8], *claims[12:]]
    assert stand.watched == {running for link in stand.links for running in link.hand}


def test_what_waits_behind_a_slow_task_goes_to_the_others(stand: HandsStand) -> None:
    claims = stand.hand_out(6, most=2)
    for one in stand.stands:
        one.begin_next()
    stand.clock.now += SLOW_SECONDS * 0.9
    for index in (1, 2):
        stand.links[index].finish(report_of(stand.links[index].hand[0]))
    stand.hands.take_back_from_slow(stand.clock.now)
    assert stand.in_hand[0] == claims[:2], "it is not slow yet"
    stand.clock.now += SLOW_SECONDS * 0.2
    stand.hands.take_back_from_slow(stand.clock.now)
    assert stand.in_hand == [claims[:1], claims[3:4], claims[5:]]
    stand.hands.hand_out(stand.clock.now, most_in_hand=2)
    assert stand.in_hand == [claims[:1], [claims[3], claims[1]], claims[5:]]


def test_a_seat_that_does_not_begin_is_killed_and_what_it_has_goes_to_the_others(
    stand: HandsStand,
) -> None:
    [claim] = stand.hand_out(1)
    assert stand.in_hand[0] == [claim]
    stand.clock.now += STUCK_SECONDS
    for _ in range(2):
        stand.hands.take_back_from_slow(stand.clock.now)
    assert stand.seats.killed == stand.links[:1]
    assert stand.links[0].is_leaving


@pytest.mark.parametrize(
    ("kind", "order"), [("lost", Order.LEASE_LOST), ("cancelled", Order.CANCEL)]
)
def test_only_what_has_begun_is_ordered_to_end(stand: HandsStand, kind: str, order: Order) -> None:
    claims = stand.hand_out(9)
    for one in stand.stands:
        one.begin_next()
    gone = frozenset(claim.delivery for claim in (claims[0], claims[1], claims[4]))
    stand.hands.obey(Orders(**{kind: gone}))
    begun = [link.hand[0] for link in stand.links]
    assert [running.claim for running in begun] == [claims[0], claims[3], claims[6]]
    assert [running.order for running in begun] == [order, Order.NONE, Order.NONE]
    assert [link.slot.order for link in stand.links] == [order, Order.NONE, Order.NONE]
    assert stand.in_hand == [claims[:1], claims[3:4], claims[6:]]
    assert list(stand.ready.claims) == [claims[5], claims[2]]
    assert stand.ready.take_unwanted() == [claims[4], claims[1]]


def test_without_orders_the_seats_keep_what_they_have(stand: HandsStand) -> None:
    claims = stand.hand_out(6)
    stand.hands.obey(Orders())
    assert stand.in_hand == [claims[:2], claims[2:4], claims[4:]]


def test_what_is_ready_and_to_be_ended_is_never_begun(stand: HandsStand) -> None:
    claims = stand.hand_out(15)
    stand.hands.obey(Orders(cancelled=frozenset([claims[13].delivery])))
    assert list(stand.ready.claims) == [claims[12], claims[14]]
    assert [len(hand) for hand in stand.in_hand] == [MOST, MOST, MOST]


def test_a_seat_that_begins_nothing_keeps_one_task_and_is_killed_in_the_end(
    stand: HandsStand,
) -> None:
    stand.seats[:] = stand.links[:1]
    claims = stand.hand_out(2 * MOST)
    for _ in range(int(STUCK_SECONDS / SLOW_SECONDS)):
        stand.clock.now += SLOW_SECONDS
        stand.hands.take_back_from_slow(stand.clock.now)
        stand.hands.hand_out(stand.clock.now, most_in_hand=MOST)
        assert stand.in_hand[0] == claims[:1]
    assert list(stand.ready.claims) == claims[1:]
    stand.clock.now += SLOW_SECONDS
    stand.hands.take_back_from_slow(stand.clock.now)
    assert stand.seats.killed == stand.links[:1]
    assert stand.stands[0].begin_next()["job"] == claims[0].delivery.job_id.hex
