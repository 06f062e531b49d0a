"""What fits beside what the seats have in hand."""

from __future__ import annotations

from itertools import permutations, product
from random import Random

from processing.memory.room import Hand, Room


def hold(*held: int, grown: int = 0) -> list[Hand]:
    """Hands of seats that are committed to so much; 0 for an idle seat."""
    return [Hand(expected_bytes=one, grown_bytes=grown, is_empty=not one) for one in held]


def take_all(room: Room, *expected: int) -> list[bool]:
    return [room.takes(one) for one in expected]


def test_idle_seats_take_what_fits_together() -> None:
    room = Room(100, hold(0, 0, 0))
    assert take_all(room, 60, 50, 40) == [True, False, True]
    assert room.left_bytes == 0


def test_no_more_run_at_once_than_there_are_seats() -> None:
    assert take_all(Room(100, hold(0, 0)), *[50] * 9) == [True] * 9
    assert take_all(Room(100, hold(0, 0)), 50, 50, 60) == [True, True, False]
    assert take_all(Room(100, hold(0, 0)), 50, 40, 60) == [True, True, False]


def test_what_runs_has_its_place() -> None:
    assert take_all(Room(100, hold(60, 0)), 50, 40) == [False, True]
    assert Room(100, hold(60, 0)).left_bytes == 40


def test_what_a_task_has_grown_is_part_of_its_place_and_not_on_top_of_it() -> None:
    room = Room(100, [Hand(expected_bytes=60, grown_bytes=50, is_empty=False), Hand()])
    assert room.left_bytes == 40


def test_a_task_that_took_more_than_was_expected_has_that_much() -> None:
    room = Room(100, [Hand(expected_bytes=8, grown_bytes=70, is_empty=False), Hand()])
    assert take_all(room, 31, 30) == [False, True]


def test_a_task_behind_another_needs_only_what_it_takes_more() -> None:
    assert take_all(Room(100, hold(60)), 60, 100, 101) == [True, True, False]


def test_the_largest_is_reckoned_to_go_where_it_needs_most() -> None:
    assert take_all(Room(100, hold(60, 10)), 60) == [False], "60 + 60, and not 60 + 10"
    assert take_all(Room(120, hold(60, 10)), 60) == [True]


def test_nothing_fits_where_too_much_is_in_use_already() -> None:
    assert not Room(-10, hold(0)).takes(0)
    assert Room(50, hold(60, 0)).left_bytes == -10
    assert not Room(50, hold(60, 0)).takes(8)


def test_a_seat_that_leaves_holds_what_it_has_and_takes_nothing() -> None:
    leaving = Hand(expected_bytes=60, is_empty=False, is_closed=True)
    assert take_all(Room(100, [leaving, Hand()]), 60, 40, 40) == [False, True, True]


def test_while_the_seats_are_being_started_one_is_reckoned_with() -> None:
    assert take_all(Room(100, []), 60, 60) == [True, True]


def test_alone_runs_only_what_has_nothing_beside_it() -> None:
    room = Room(100, hold(0, 0))
    assert room.takes_alone()
    assert not room.takes(1)
    assert not room.takes_alone()
    assert not Room(100, hold(1, 0)).takes_alone()
    used = Room(100, hold(0, 0))
    used.takes(1)
    assert not used.takes_alone()


def test_beside_what_runs_alone_nothing_begins() -> None:
    room = Room(100, [Hand(is_empty=False, runs_alone=True), Hand()])
    assert not room.takes(1)
    assert not room.takes_alone()


def test_what_must_begin_takes_its_place_whether_it_fits_or_not() -> None:
    room = Room(10, hold(0))
    assert room.is_unused
    room.take(60)
    assert (room.left_bytes, room.is_unused) == (-50, False)


def test_whatever_is_taken_fits_however_it_is_dealt_out() -> None:
    random = Random(1)
    for _ in range(300):
        held = [random.choice((0, 5, 20, 40)) for _ in range(3)]
        free = random.randint(max(held), 120)
        room = Room(free, hold(*held))
        taken = [one for one in (random.randint(1, 50) for _ in range(4)) if room.takes(one)]
        for seats in product(range(3), repeat=len(taken)):
            dealt = list(held)
            for seat, expected in zip(seats, taken, strict=True):
                dealt[seat] = max(dealt[seat], expected)
            assert sum(dealt) <= free or not taken


def test_what_is_refused_would_not_fit_in_the_worst_case() -> None:
    random = Random(2)
    for _ in range(300):
        held = [random.choice((0, 5, 20, 40)) for _ in range(3)]
        free, wanted = random.randint(0, 120), [random.randint(1, 50) for _ in range(3)]
        taken: list[int] = []
        room = Room(free, hold(*held))
        for one in wanted:
            worst = max(
                sum(map(max, held, order)) for order in permutations([*taken, one, 0, 0], 3)
            )
            assert room.takes(one) == (worst <= free)
            if worst <= free:
                taken.append(one)
