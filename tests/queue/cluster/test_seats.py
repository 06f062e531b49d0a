"""The seats as the supervisor sees them: who is idle, who is killed, when one is started anew."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from processing.queue.cluster import link as link_module
from processing.queue.cluster.channel import LENGTH, pack_message, read_message
from processing.queue.cluster.link import SLOW_SECONDS
from processing.queue.cluster.load import Load
from processing.queue.cluster.seats import (
    FREE_RESTARTS,
    RESTART_MOST_SECONDS,
    SETTLED_SECONDS,
)
from tests.queue.cluster.in_hand import Clock, make_claim
from tests.queue.cluster.seats_stand import SeatsStand


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch) -> Iterator[SeatsStand]:
    clock = Clock()
    monkeypatch.setattr(link_module, "time", clock)
    with ExitStack() as open_sockets:
        yield SeatsStand(clock, open_sockets)


def test_the_seats_are_started_once(stand: SeatsStand) -> None:
    for _ in range(2):
        stand.seats.start_missing(stand.clock.now)
    assert stand.take_asked() == [{"fork": 0}, {"fork": 1}, {"fork": 2}]
    assert stand.seats.next_start_at() == float("inf")
    assert stand.seats.restarts == 0


def test_a_started_seat_is_idle_until_it_is_given_a_task(stand: SeatsStand) -> None:
    stand.start_all()
    assert stand.seats.load == Load(idle_count=3, waiting_count=0, in_hand=())
    _, second, _ = stand.seats
    claim = make_claim()
    second.give([claim])
    load = Load(idle_count=2, waiting_count=0, in_hand=(claim.delivery,))
    assert (stand.seats.load, stand.seats.busy_count) == (load, 1)


def test_the_tasks_behind_the_first_in_each_hand_are_what_waits(stand: SeatsStand) -> None:
    stand.start_all()
    first, _, third = stand.seats
    claims = [make_claim() for _ in range(4)]
    first.give(claims[:1])
    third.give(claims[1:])
    in_hand = tuple(claim.delivery for claim in claims)
    assert stand.seats.load == Load(idle_count=1, waiting_count=2, in_hand=in_hand)
    assert stand.seats.busy_count == 2


def test_it_is_known_whether_a_task_runs_alone(stand: SeatsStand) -> None:
    stand.start_all()
    first, second, _ = stand.seats
    first.give([make_claim()])
    assert not stand.seats.load.is_held
    second.give([make_claim(runs_alone=True)])
    assert stand.seats.load.is_held


def test_the_seat_that_is_slow_first_is_waited_for(
    stand: SeatsStand,
) -> None:
    stand.start_all()
    first, second, third = stand.seats
    assert stand.seats.next_slow_at() == float("inf")
    first.give([make_claim()])
    stand.clock.now += 1
    second.give([make_claim(), make_claim()])
    expected = stand.clock.now + SLOW_SECONDS
    stand.clock.now += 1
    third.give([make_claim(), make_claim()])
    assert stand.seats.next_slow_at() == expected


@pytest.mark.parametrize(
    ("most_running", "held"), [(None, [False] * 3), (0, [True] * 3), (1, [False, True, True])]
)
def test_the_seats_are_held_when_as_many_run_as_may(
    stand: SeatsStand, most_running: int | None, held: list[bool]
) -> None:
    stand.start_all()
    stand.seats.most_running = most_running
    found = []
    for link in stand.seats:
        found.append(stand.seats.load.is_held)
        link.give([make_claim()])
    assert found == held


def test_each_seat_has_its_own_slot_of_the_board(stand: SeatsStand) -> None:
    stand.start_all()
    for link in stand.seats:
        if link.index == 1:
            link.slot.begin(1, 0.0, 0)
    assert [link.slot.is_taken for link in stand.seats] == [False, True, False]


def test_a_seat_is_found_by_its_process(stand: SeatsStand) -> None:
    link = stand.start()
    assert stand.seats.find(link.pid) is link
    stand.seats.remove(link, stand.clock.now)
    assert stand.seats.find(link.pid) is None
    assert len(stand.seats) == 0


def test_a_seat_that_leaves_gets_no_task(stand: SeatsStand) -> None:
    link = stand.start()
    link.leave()
    assert stand.seats.load.idle_count == 0
    assert read_message(stand.ends[link.pid]) is None, "the closed socket is its leave"


def test_a_seat_with_a_task_leaves_behind_it(stand: SeatsStand) -> None:
    link = stand.start()
    link.give([make_claim()])
    link.leave()
    stand.ends[link.pid].sendall(pack_message({"a": 1}))
    assert stand.seats.read(link) == [{"a": 1}]


def test_reports_are_read_as_they_come(stand: SeatsStand) -> None:
    link = stand.start()
    assert stand.seats.read(link) == []
    stand.ends[link.pid].sendall(pack_message({"a": 1}) + pack_message({"b": 2}))
    assert stand.seats.read(link) == [{"a": 1}, {"b": 2}]
    assert (link.is_leaving, stand.take_asked()) == (False, [])


@pytest.mark.parametrize("data", [LENGTH.pack(2**31), LENGTH.pack(4) + b"oops"])
def test_a_seat_that_writes_what_is_no_report_is_killed(stand: SeatsStand, data: bytes) -> None:
    link = stand.start()
    link.give([make_claim()])
    stand.ends[link.pid].sendall(pack_message({"a": 1}) + data)
    assert stand.seats.read(link) == [{"a": 1}]
    assert link.is_leaving
    assert stand.take_asked() == [{"signal": int(signal.SIGKILL), "pid": link.pid}]


def test_a_seat_that_closed_its_socket_with_a_task_in_hand_is_killed(stand: SeatsStand) -> None:
    link = stand.start()
    link.give([make_claim()])
    read_message(stand.ends[link.pid])
    stand.ends[link.pid].close()
    assert stand.seats.read(link) == []
    assert link.is_leaving
    assert stand.take_asked() == [{"signal": int(signal.SIGKILL), "pid": link.pid}]


def test_an_idle_seat_that_closed_its_socket_ends_by_itself(stand: SeatsStand) -> None:
    link = stand.start()
    stand.ends[link.pid].close()
    assert stand.seats.read(link) == []
    assert (link.is_leaving, stand.take_asked()) == (True, [])


def test_a_seat_that_died_with_its_task_is_replaced_at_once_every_time(stand: SeatsStand) -> None:
    stand.start_all()
    for count in range(1, 3 * FREE_RESTARTS):
        link = stand.start(2)
        link.give([make_claim()])
        link.slot.begin(1, 0.0, 0)
        stand.seats.remove(link, stand.clock.now)
        stand.seats.start_missing(stand.clock.now)
        assert stand.take_asked() == [{"fork": 2}]
        assert stand.seats.restarts == count
        link.slot.clear()  # as the template does


def test_seats_that_die_as_they_start_are_started_after_growing_waits(stand: SeatsStand) -> None:
    stand.start_all()
    free = [stand.die_early() for _ in range(FREE_RESTARTS)]
    assert set(free) == {0.0}
    waits = [stand.die_early() for _ in range(30)]
    assert all(0 < wait <= RESTART_MOST_SECONDS for wait in waits)
    for shorter, longer in zip(waits, waits[1:], strict=False):
        assert longer == pytest.approx(min(RESTART_MOST_SECONDS, 2 * shorter))
    assert waits[-1] == RESTART_MOST_SECONDS


def test_a_seat_is_not_started_before_its_wait_is_over(stand: SeatsStand) -> None:
    stand.start_all()
    for _ in range(FREE_RESTARTS + 1):
        wait = stand.die_early()
    stand.take_asked()
    stand.seats.start_missing(stand.clock.now + wait * 0.9)
    assert stand.take_asked() == []
    stand.seats.start_missing(stand.clock.now + wait)
    assert stand.take_asked() == [{"fork": 0}]


@pytest.mark.parametrize("life", ["took a task", "reported", "lived on"])
def test_a_seat_that_lived_ends_the_row_of_early_deaths(stand: SeatsStand, life: str) -> None:
    stand.start_all()
    for _ in range(FREE_RESTARTS + 3):
        assert stand.die_early() >= 0
    link = stand.start()
    if life == "took a task":
        link.slot.begin(1, 0.0, 0)
    elif life == "reported":
        stand.ends[link.pid].sendall(pack_message({"a": 1}))
        stand.seats.read(link)
    else:
        stand.clock.now += SETTLED_SECONDS
    stand.seats.remove(link, stand.clock.now)
    link.slot.clear()
    assert stand.die_early() == 0


def test_a_task_that_no_seat_lives_to_take_does_not_end_the_row(stand: SeatsStand) -> None:
    stand.start_all()
    for _ in range(FREE_RESTARTS + 1):
        link = stand.start()
        link.give([make_claim()])
        stand.seats.remove(link, stand.clock.now)
    assert stand.seats.next_start_at() > stand.clock.now


def test_closed_seats_leave_and_are_not_replaced(stand: SeatsStand) -> None:
    stand.start_all()
    busy, idle, dead = stand.seats
    busy.give([make_claim()])
    stand.seats.remove(dead, stand.clock.now)
    stand.seats.close()
    assert busy.is_leaving
    assert read_message(stand.ends[idle.pid]) is None
    stand.seats.remove(idle, stand.clock.now)
    stand.seats.start_missing(stand.clock.now + 60)
    assert stand.take_asked() == []
