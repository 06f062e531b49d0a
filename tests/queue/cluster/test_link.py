"""One seat as the supervisor sees it: what it is given, begins, and is taken back from it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest

from processing.queue.cluster import link as link_module
from processing.queue.cluster.channel import read_message
from processing.queue.cluster.link import SLOW_SECONDS, STUCK_SECONDS
from processing.queue.cluster.tickets import take_ticket
from tests.queue.cluster.in_hand import Clock, make_claim
from tests.queue.cluster.link_stand import LinkStand, report_of

MOST = 4
#: More than a socket holds.
LARGE_PACKAGE = "x" * 4 * 1024 * 1024


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(link_module, "time", clock)
    return clock


@pytest.fixture
def stand(clock: Clock) -> Iterator[LinkStand]:
    with ExitStack() as open_sockets:
        yield LinkStand(open_sockets)


def test_what_a_seat_is_given_it_can_begin(stand: LinkStand) -> None:
    claims = [make_claim(timeout_seconds=2.5), make_claim(number=2)]
    given = stand.link.give(claims)
    assert [running.claim for running in given] == claims
    assert [running.turn for running in given] == [1, 2]
    assert all(running.seat_pid == stand.link.pid for running in given)
    assert list(stand.link.hand) == given
    for running, claim in zip(given, claims, strict=True):
        assert stand.begin_next() == {
            "turn": running.turn,
            "job": claim.delivery.job_id.hex,
            "delivery": claim.delivery.number,
            "timeout_seconds": claim.timeout_seconds,
            "limit_bytes": 1024 * 1024 * 1024,
            "is_profiled": False,
            "package": claim.package,
        }
        assert running.is_under_way


def test_what_is_to_run_alone_has_all_the_room_and_is_profiled(stand: LinkStand) -> None:
    [running] = stand.link.give([replace(make_claim(), runs_alone=True)])
    message = stand.begin_next()
    assert message["is_profiled"]
    assert message["limit_bytes"] == running.limit_bytes > 1024 * 1024 * 1024


def test_the_last_profile_of_the_task_in_hand_is_kept_and_no_other(stand: LinkStand) -> None:
    [running] = stand.link.give([make_claim()])
    for size_bytes in (1, 2):
        stand.link.keep_profile(report_of(running) | {"profile": [{"bytes": size_bytes}]})
    stand.link.keep_profile({"job": "another", "delivery": 1, "profile": [{"bytes": 3}]})
    assert running.profile == [{"bytes": 2}]
    stand.link.hand.clear()
    stand.link.keep_profile(report_of(running) | {"profile": [{"bytes": 4}]})
    assert running.profile == [{"bytes": 2}]


def test_turns_are_counted_on(stand: LinkStand) -> None:
    stand.link.give([make_claim(), make_claim()])
    stand.link.take_back()
    [running] = stand.link.give([make_claim()])
    assert running.turn == 3


def test_what_has_not_begun_is_taken_back_in_its_order(stand: LinkStand) -> None:
    first, *others = stand.link.give([make_claim() for _ in range(3)])
    stand.begin_next()
    assert stand.link.take_back() == others
    assert list(stand.link.hand) == [first]
    assert stand.link.take_back() == []


def test_what_has_a_ticket_stays_in_hand_although_it_has_not_begun(stand: LinkStand) -> None:
    first, second = stand.link.give([make_claim(), make_claim()])
    assert take_ticket(stand.taken) == first.turn
    assert stand.link.take_back() == [second]
    assert list(stand.link.hand) == [first]


def test_what_comes_behind_what_was_taken_back_is_begun(stand: LinkStand) -> None:
    stand.link.give([make_claim() for _ in range(3)])
    stand.begin_next()
    stand.link.take_back()
    [last] = stand.link.give([make_claim()])
    stand.begin_next()
    assert last.is_under_way


def test_the_first_in_hand_is_the_one_that_ends(stand: LinkStand) -> None:
    first, second = stand.link.give([make_claim(), make_claim()])
    assert stand.link.finish(report_of(second)) is None
    assert stand.link.finish(report_of(first)) is first
    assert stand.link.finish(report_of(first)) is None
    assert list(stand.link.hand) == [second]
    assert stand.link.finish(report_of(second)) is second
    assert stand.link.finish(report_of(second)) is None


def test_a_seat_is_idle_while_its_hands_are_empty_and_it_stays(stand: LinkStand) -> None:
    assert stand.link.is_idle
    [running] = stand.link.give([make_claim()])
    assert not stand.link.is_idle
    stand.link.finish(report_of(running))
    assert stand.link.is_idle
    stand.link.leave()
    assert not stand.link.is_idle


def test_there_is_room_until_there_are_as_many_as_may_be(stand: LinkStand, clock: Clock) -> None:
    room = []
    for _ in range(MOST + 1):
        room.append(stand.link.has_room(MOST, clock.now))
        stand.link.give([make_claim()])
    assert room == [True] * MOST + [False]


def test_there_is_no_room_behind_a_task_that_takes_long(stand: LinkStand, clock: Clock) -> None:
    [running] = stand.link.give([make_claim()])
    assert stand.link.has_room(MOST, clock.now + SLOW_SECONDS * 0.9)
    assert not stand.link.has_room(MOST, clock.now + SLOW_SECONDS)
    stand.link.finish(report_of(running))
    assert stand.link.has_room(1, clock.now + SLOW_SECONDS)


def test_there_is_no_room_in_a_seat_that_leaves(stand: LinkStand, clock: Clock) -> None:
    [running] = stand.link.give([make_claim()])
    stand.link.leave()
    assert not stand.link.has_room(MOST, clock.now)
    stand.link.finish(report_of(running))
    assert not stand.link.has_room(MOST, clock.now)


def test_there_is_no_room_behind_a_message_that_does_not_fit_the_socket_yet(
    stand: LinkStand, clock: Clock
) -> None:
    stand.link.give([make_claim(package=LARGE_PACKAGE)])
    assert not stand.link.has_room(MOST, clock.now)


def test_an_idle_seat_has_room_behind_a_message_that_was_taken_back_and_does_not_fit(
    stand: LinkStand, clock: Clock
) -> None:
    """It reads what waits in its socket only when it has a ticket for what is behind it."""
    first, _ = stand.link.give([make_claim(), make_claim(package=LARGE_PACKAGE)])
    stand.begin_next()
    stand.link.take_back()
    stand.tell()
    stand.link.finish(report_of(first))
    assert stand.link.channel.has_more_to_send
    assert stand.link.is_idle
    assert stand.link.has_room(MOST, clock.now)


def test_what_waits_is_to_be_taken_back_when_the_first_takes_long(
    stand: LinkStand, clock: Clock
) -> None:
    assert stand.link.slow_at == float("inf")
    first, *_ = stand.link.give([make_claim()])
    assert stand.link.slow_at == float("inf"), "nothing waits"
    began_at = clock.now
    clock.now += SLOW_SECONDS / 2
    stand.link.give([make_claim(), make_claim()])
    assert stand.link.slow_at == began_at + SLOW_SECONDS
    stand.link.finish(report_of(first))
    assert stand.link.slow_at == clock.now + SLOW_SECONDS
    stand.link.take_back()
    assert stand.link.slow_at == float("inf")


def test_a_seat_that_does_not_begin_is_stuck(stand: LinkStand, clock: Clock) -> None:
    assert not stand.link.is_stuck(clock.now + 2 * STUCK_SECONDS), "it is idle"
    first, _ = stand.link.give([make_claim(), make_claim()])
    assert not stand.link.is_stuck(clock.now + STUCK_SECONDS * 0.9)
    assert stand.link.is_stuck(clock.now + STUCK_SECONDS)
    stand.begin_next()
    assert not stand.link.is_stuck(clock.now + 2 * STUCK_SECONDS), "it runs"
    clock.now += STUCK_SECONDS * 3
    stand.tell()
    stand.link.finish(report_of(first))
    assert not stand.link.is_stuck(clock.now + STUCK_SECONDS * 0.9)
    assert stand.link.is_stuck(clock.now + STUCK_SECONDS)
    stand.link.leave()
    assert not stand.link.is_stuck(clock.now + STUCK_SECONDS), "it is ended already"


def test_an_idle_seat_that_leaves_is_closed(stand: LinkStand) -> None:
    stand.link.leave()
    assert read_message(stand.stream) is None


def test_a_seat_with_tasks_leaves_behind_them(stand: LinkStand) -> None:
    stand.link.give([make_claim(), make_claim()])
    stand.link.leave()
    for _ in range(2):
        stand.begin_next()
    assert stand.link.channel.stream.fileno() >= 0, "its reports are still to come"


def test_a_seat_that_is_closed_has_no_tickets_any_more(stand: LinkStand) -> None:
    seats_end = stand.taken.dup()  # as a fork leaves it
    with seats_end:
        stand.link.close()
        assert take_ticket(seats_end) is None
    assert read_message(stand.stream) is None
