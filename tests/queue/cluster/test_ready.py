"""What is claimed and in no seat's hands."""

from __future__ import annotations

from processing.queue.claims import Claim
from processing.queue.cluster.ready import RELEASE_SECONDS, Ready
from tests.queue.cluster.in_hand import make_claim

NOW = 100.0


def make_ready(count: int) -> tuple[Ready, list[Claim]]:
    """So many claims, made at NOW."""
    ready, claims = Ready(), [make_claim() for _ in range(count)]
    ready.add(claims, NOW)
    return ready, claims


def test_at_first_there_is_nothing() -> None:
    ready = Ready()
    assert (len(ready), ready.is_empty, ready.deliveries) == (0, True, [])
    assert ready.next_at() == float("inf")
    assert ready.take_unwanted() == []


def test_claims_are_begun_in_the_order_in_which_they_were_made() -> None:
    ready, claims = make_ready(2)
    later = make_claim()
    ready.add([later], NOW)
    assert list(ready.claims) == [*claims, later]
    assert ready.deliveries == [claim.delivery for claim in [*claims, later]]
    assert (len(ready), ready.is_empty) == (3, False)


def test_what_a_seat_gives_back_is_first_again_in_its_order() -> None:
    ready, claims = make_ready(2)
    back = [make_claim() for _ in range(3)]
    ready.take_in(back)
    assert list(ready.claims) == [*back, *claims]


def test_what_is_dropped_is_to_be_put_back_and_not_begun() -> None:
    ready, (first, second, third) = make_ready(3)
    ready.drop({first.delivery, third.delivery, make_claim().delivery})
    assert list(ready.claims) == [second]
    assert ready.next_at() <= NOW, "at once"
    assert ready.take_unwanted() == [first, third]
    assert ready.take_unwanted() == []


def test_what_was_taken_out_and_cannot_be_begun_is_put_back_too() -> None:
    ready, (first, second) = make_ready(2)
    ready.put_back(ready.claims.popleft())
    assert (list(ready.claims), ready.next_at()) == ([second], 0.0)
    assert ready.take_unwanted() == [first]


def test_what_is_to_be_put_back_is_still_something() -> None:
    ready, _ = make_ready(1)
    ready.drop_all()
    assert (len(ready), ready.is_empty) == (0, False)
    ready.take_unwanted()
    assert ready.is_empty


def test_all_can_be_dropped_and_more_behind_it() -> None:
    ready, claims = make_ready(2)
    ready.drop({claims[0].delivery})
    ready.drop_all()
    assert ready.take_unwanted() == claims


def test_what_is_not_begun_in_time_is_put_back() -> None:
    ready, claims = make_ready(2)
    assert ready.next_at() == NOW + RELEASE_SECONDS
    ready.drop_stale(NOW + RELEASE_SECONDS * 0.9)
    assert list(ready.claims) == claims
    ready.drop_stale(NOW + RELEASE_SECONDS)
    assert (len(ready), ready.take_unwanted()) == (0, claims)


def test_a_claim_gives_all_of_them_more_time() -> None:
    ready, claims = make_ready(1)
    ready.add([make_claim()], NOW + RELEASE_SECONDS / 2)
    ready.drop_stale(NOW + RELEASE_SECONDS)
    assert claims[0] in ready.claims
