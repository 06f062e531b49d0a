"""Between seats and database: how the desk waits, for the queue and for the database."""

from __future__ import annotations

import os
import selectors
from collections.abc import Iterator

import pytest
from django.db import ProgrammingError

from processing.queue.cluster.desk import AWAY_FIRST_SECONDS, AWAY_MOST_SECONDS
from tests.queue.cluster.desk_stand import SEATS, VITALS, DeskStand, make_ending
from tests.queue.cluster.fake_ledger import KEEP_SECONDS, POLL_SECONDS

LIFE_SECONDS = 120.0


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch) -> Iterator[DeskStand]:
    with selectors.DefaultSelector() as selector:
        yield DeskStand(monkeypatch, selector)


@pytest.mark.parametrize("trouble", ["is_away", "refuses"])
def test_a_database_that_is_away_is_tried_again_with_growing_patience(
    stand: DeskStand, trouble: str
) -> None:
    setattr(stand.ledger, trouble, True)
    waits = []
    for _ in range(9):
        stand.work()
        waits.append(stand.next_seconds())
        stand.clock.now += waits[-1]
    expected = [min(AWAY_MOST_SECONDS, AWAY_FIRST_SECONDS * 2**count) for count in range(9)]
    assert waits == pytest.approx(expected)


def test_a_database_that_connects_and_refuses_is_tried_with_growing_patience_too(
    stand: DeskStand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> None:
        raise ProgrammingError("no such table")

    for name in ("exchange", "keep"):
        monkeypatch.setattr(stand.ledger, name, refuse)
    waits = []
    for _ in range(4):
        stand.work()
        waits.append(stand.next_seconds())
        stand.clock.now += waits[-1]
    assert waits == pytest.approx([AWAY_FIRST_SECONDS * 2**count for count in range(4)])


def test_a_database_that_was_there_again_is_tried_again_soon(stand: DeskStand) -> None:
    for is_away in (True, True, True, False, True):
        stand.ledger.is_away = is_away
        stand.clock.now += max(0.0, stand.next_seconds(), KEEP_SECONDS)
        stand.work()
    assert stand.next_seconds() == pytest.approx(AWAY_FIRST_SECONDS)


def test_a_database_that_is_away_is_left_in_peace_until_its_time(stand: DeskStand) -> None:
    stand.ledger.is_away = True
    stand.work()
    stand.ledger.is_away = False
    stand.clock.now += AWAY_FIRST_SECONDS / 2
    stand.work()
    assert stand.ledger.open_count == 0
    stand.clock.now += AWAY_FIRST_SECONDS
    stand.work()
    assert stand.ledger.open_count == 1


def test_endings_are_kept_while_the_database_is_away(stand: DeskStand) -> None:
    stand.settle_in()
    stand.ledger.is_away = True
    endings = [make_ending(), make_ending()]
    for ending in endings:
        stand.desk.add(ending)
        stand.work()
        stand.clock.now += AWAY_MOST_SECONDS
    assert (stand.desk.ending_count, stand.ledger.settled) == (2, [])
    assert stand.ledger.close_count == 2, "the connection is dropped each time"
    stand.ledger.is_away = False
    stand.work()
    assert (stand.desk.ending_count, stand.ledger.settled) == (0, [endings])


def test_nothing_is_published_while_the_database_is_away(stand: DeskStand) -> None:
    stand.ledger.is_away = True
    stand.work()
    stand.desk.publish(stand.clock.now, lambda: VITALS)
    assert stand.stats.published == []


@pytest.mark.parametrize(("idle", "running"), [(SEATS, 0), (1, 1), (0, SEATS), (0, 0)])
def test_a_desk_with_nothing_to_do_looks_seldom(stand: DeskStand, idle: int, running: int) -> None:
    most_looks = LIFE_SECONDS / POLL_SECONDS + LIFE_SECONDS / KEEP_SECONDS + LIFE_SECONDS / 2 + 10
    assert stand.live_through(LIFE_SECONDS, idle=idle, running=running) <= most_looks


def test_work_that_waits_for_its_time_does_not_make_it_look_all_the_time(stand: DeskStand) -> None:
    stand.ledger.due_seconds = 600.0
    assert stand.live_through(LIFE_SECONDS) < 200


def test_jobs_in_small_numbers_do_not_make_it_look_all_the_time(stand: DeskStand) -> None:
    for _ in range(10):
        stand.ledger.queue(1)
        stand.ledger.wakeup.is_changed = True
        stand.desk.wake()
        assert stand.live_through(LIFE_SECONDS / 10) < 30
    assert stand.ledger.queued == []


def test_endings_that_stay_behind_busy_seats_do_not_make_it_look_all_the_time(
    stand: DeskStand,
) -> None:
    stand.settle_in()
    stand.claim(SEATS)
    stand.desk.add(make_ending())
    stand.live_through(LIFE_SECONDS, idle=0, running=SEATS)
    assert (stand.desk.has_work, len(stand.ledger.settled)) == (False, 1)


def test_a_stopping_desk_does_not_look_all_the_time(stand: DeskStand) -> None:
    stand.settle_in()
    stand.claim(SEATS)
    stand.desk.stop_accepting()
    stand.live_through(LIFE_SECONDS, idle=0, running=SEATS)
    stand.live_through(LIFE_SECONDS)


def test_a_desk_whose_database_is_away_does_not_look_all_the_time(stand: DeskStand) -> None:
    stand.settle_in()
    stand.claim(SEATS)
    stand.desk.add(make_ending())
    stand.ledger.is_away = True
    assert stand.live_through(LIFE_SECONDS, idle=0, running=SEATS) < 50


def test_signs_are_listened_to_only_while_a_seat_waits(stand: DeskStand) -> None:
    reader, writer = os.pipe()
    try:
        stand.ledger.wakeup.descriptor = reader
        stand.work()
        os.write(writer, b"x")
        [(key, _)] = stand.selector.select(0)
        assert key.data == stand.desk.wake
        stand.work(idle=0)
        assert not stand.selector.get_map(), "our own commits would wake us"
        stand.work()
        assert stand.selector.get_map()
    finally:
        stand.desk.close(VITALS)
        os.close(reader)
        os.close(writer)


def test_a_lost_connection_is_listened_to_no_more(stand: DeskStand) -> None:
    reader, writer = os.pipe()
    stand.ledger.wakeup.descriptor = reader
    stand.settle_in()
    os.close(reader)  # as the driver does
    os.close(writer)
    stand.ledger.is_away = True
    stand.desk.add(make_ending())
    stand.work()
    assert not stand.selector.get_map()
