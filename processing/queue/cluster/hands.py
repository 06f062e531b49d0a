"""What the seats have in their hands: dealt out, taken back, and ended on order."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial

from processing.memory.room import Room
from processing.queue.claims import Claim
from processing.queue.cluster.board import Order
from processing.queue.cluster.gatekeeper import Gatekeeper
from processing.queue.cluster.ledger import Orders
from processing.queue.cluster.link import Link
from processing.queue.cluster.ready import Ready
from processing.queue.cluster.running import Running
from processing.queue.cluster.seats import Seats
from processing.queue.cluster.watch import Watch

logger = logging.getLogger(__name__)

#: A seat holds a larger package than this, in characters, only as the one that it runs.
AHEAD_MOST_CHARACTERS = 64 * 1024


class Hands:
    """`was_given` is called with a seat that was just given something."""

    def __init__(
        self,
        seats: Seats,
        gatekeeper: Gatekeeper,
        watch: Watch,
        ready: Ready,
        was_given: Callable[[Link], None],
    ) -> None:
        self._seats = seats
        self._gatekeeper = gatekeeper
        self._watch = watch
        self._ready = ready
        self._was_given = was_given

    def hand_out(self, now: float, *, most_in_hand: int) -> None:
        """Give the seats what is ready, and none of them more than `most_in_hand`.

        What there is no room for is put back on the queue.
        """
        if not self._ready:
            return
        links = [link for link in self._seats if link.has_room(most_in_hand, now)]
        links = links[: self._seats.most_running]
        if not links:
            return
        admit = partial(self._admit, self._gatekeeper.find_room(), now)
        for link, claims in deal(self._ready.claims, links, most_in_hand=most_in_hand, admit=admit):
            for running in link.give(claims):
                running.expected_bytes = self._gatekeeper.expect(running.claim)
                self._watch.begin(running)
            self._was_given(link)

    def take_back(self, link: Link) -> None:
        """What a seat has not begun is ready again, in its old place; another may begin it."""
        self._return(link.take_back())

    def take_back_from_slow(self, now: float) -> None:
        """No task waits long for the one before it in the same hands, or for a seat that hangs."""
        for link in self._seats:
            if now >= link.slow_at:
                self._return(link.take_back_waiting())
            if link.is_stuck(now):
                logger.error("seat %s does not begin with its task and is killed", link.pid)
                link.is_leaving = True
                self._seats.kill(link)

    def take_back_all(self) -> None:
        """Let every seat begin nothing more than it has begun."""
        for link in self._seats:
            self.take_back(link)

    def obey(self, orders: Orders) -> None:
        """Have ended what is to be ended, and begin none of it."""
        gone = orders.lost | orders.cancelled
        if not gone:
            return
        for link in self._seats:
            if any(running.claim.delivery in gone for running in link.hand):
                self.take_back(link)
            for running in link.hand:
                if running.claim.delivery in orders.lost:
                    self._watch.order(running, Order.LEASE_LOST)
                elif running.claim.delivery in orders.cancelled:
                    self._watch.order(running, Order.CANCEL)
        self._ready.drop(gone)

    def _admit(self, room: Room, now: float, claim: Claim) -> bool:
        is_admitted = self._gatekeeper.admit(claim, room, now)
        if not is_admitted:
            self._ready.put_back(claim)
        return is_admitted

    def _return(self, back: list[Running]) -> None:
        for running in back:
            self._watch.end(running)
        self._ready.take_in([running.claim for running in back])


def deal(
    ready: deque[Claim],
    links: Iterable[Link],
    *,
    most_in_hand: int,
    admit: Callable[[Claim], bool],
) -> list[tuple[Link, list[Claim]]]:
    """Take from the front of `ready` what each of `links` is to be given.

    A seat with less in its hands comes first, and all that is ready is shared between them. What
    `admit` refuses is taken and given to none.
    """
    shares: list[tuple[Link, list[Claim]]] = []
    in_order = sorted(links, key=lambda link: len(link.hand))
    for place, link in enumerate(in_order):
        fair_share = -(-len(ready) // (len(in_order) - place))
        room = most_in_hand - len(link.hand)
        share = _take(ready, min(room, fair_share), is_first=not link.hand, admit=admit)
        if share:
            shares.append((link, share))
    return shares


def _take(
    ready: deque[Claim], count: int, *, is_first: bool, admit: Callable[[Claim], bool]
) -> list[Claim]:
    share: list[Claim] = []
    while ready and len(share) < count:
        runs_at_once = is_first and not share
        if not runs_at_once and len(ready[0].package) > AHEAD_MOST_CHARACTERS:
            break
        claim = ready.popleft()
        if admit(claim):
            share.append(claim)
    return share
