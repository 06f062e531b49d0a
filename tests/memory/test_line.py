"""The load line, reading by reading, on a clock that is moved by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from processing.memory.line import EFFECT_SECONDS, STUCK_SECONDS, Level, Line, SeatReading
from processing.memory.units import MIB

QUOTA_MB = 512


def make_seat(number: int = 1, *, extra_mb: int = 0, **given: object) -> SeatReading:
    """An idle seat that has grown by so much since its fork."""
    seat = SeatReading(
        pid=100 + number,
        number=number,
        size_bytes=(42 + extra_mb) * MIB,
        start_bytes=42 * MIB,
    )
    return replace(seat, **given)  # type: ignore[arg-type]


def make_busy(number: int = 1, *, grown_mb: int = 0) -> SeatReading:
    """A seat at a task that has added so much."""
    return make_seat(
        number,
        extra_mb=grown_mb,
        task=f"job {number} (hog)",
        turn=7,
        grown_bytes=grown_mb * MIB,
    )


def read(used_mb: float, *seats: SeatReading) -> Level:
    return Level(
        used_bytes=int(used_mb * MIB), quota_bytes=QUOTA_MB * MIB, seats=seats or (make_busy(),)
    )


def say(line: Line, now: float, level: Level) -> list[str]:
    return [action.detail for action in line.decide(now, level)]


def test_nothing_is_done_below_the_line() -> None:
    line = Line()
    assert say(line, 0.0, read(434, make_seat(extra_mb=200), make_busy(2, grown_mb=100))) == []
    assert line.most_running is None


def test_at_85_percent_nothing_new_is_begun_and_it_is_said_once() -> None:
    line = Line()
    assert say(line, 0.0, read(435.3)) == ["435 of 512 MB (85.0 %): paused, no task is begun"]
    assert line.most_running == 0
    assert say(line, 1.0, read(450)) == []
    assert line.most_running == 0


def test_it_resumes_well_below_the_mark_at_which_it_paused() -> None:
    line = Line()
    line.decide(0.0, read(440))
    assert say(line, 1.0, read(411)) == []
    assert line.most_running == 0
    assert say(line, 2.0, read(409)) == ["409 of 512 MB (79.9 %): resumed"]
    assert line.most_running is None


def test_usage_that_swings_around_the_mark_makes_one_pause() -> None:
    line = Line()
    kinds = [
        action.kind
        for second in range(60)
        for action in line.decide(second, read(437 if second % 2 else 425))
    ]
    assert kinds == ["pause"]


def test_the_fattest_idle_seat_is_recycled_with_its_numbers() -> None:
    seats = make_seat(1, extra_mb=5), make_seat(2, extra_mb=19), make_busy(3, grown_mb=90)
    pause, recycle = Line().decide(0.0, read(447, *seats))
    assert pause.kind == "pause"
    assert (recycle.kind, recycle.pid, recycle.seat) == ("recycle", 102, 2)
    assert recycle.detail == (
        "447 of 512 MB (87.3 %): recycled seat 2 (pid 102), idle with 61 MB, 19 MB above its start"
    )


def test_a_seat_that_has_hardly_grown_is_not_recycled() -> None:
    seats = make_seat(1, extra_mb=3), make_busy(2)
    assert [action.kind for action in Line().decide(0.0, read(447, *seats))] == ["pause"]


def test_seats_are_recycled_one_after_the_other_down_to_the_lower_mark() -> None:
    line = Line()
    first, second = make_seat(1, extra_mb=19), make_seat(2, extra_mb=18)
    assert [action.pid for action in line.decide(0.0, read(447, first, second))] == [None, 101]
    leaving = replace(first, is_ending=True)
    assert line.decide(1.0, read(447, leaving, second)) == []
    assert [action.pid for action in line.decide(2.0, read(428, make_seat(3), second))] == [102]
    assert [action.kind for action in line.decide(3.0, read(400))] == ["resume"]


def test_a_seat_that_does_not_end_holds_the_others_up_for_a_while_only() -> None:
    line = Line()
    fattest, fat = make_seat(1, extra_mb=19), make_seat(2, extra_mb=18)
    line.decide(0.0, read(447, fattest, fat))
    stuck = replace(fattest, is_ending=True)
    assert line.decide(EFFECT_SECONDS - 0.1, read(447, stuck, fat)) == []
    assert [action.pid for action in line.decide(EFFECT_SECONDS, read(447, stuck, fat))] == [102]


def test_at_97_percent_the_task_that_grew_most_is_stopped() -> None:
    seats = make_busy(1, grown_mb=60), make_busy(2, grown_mb=88), make_seat(3)
    *_, stop = Line().decide(0.0, read(497, *seats))
    assert (stop.kind, stop.pid, stop.turn) == ("stop", 102, 7)
    assert stop.detail == (
        "497 of 512 MB (97.1 %): stopped job 2 (hog) in seat 2, grown most, by 88 MB"
    )


def test_below_97_percent_no_task_is_stopped() -> None:
    actions = Line().decide(0.0, read(496, make_busy(1, grown_mb=300)))
    assert [action.kind for action in actions] == ["pause"]


def test_a_stop_is_given_its_time_before_the_next() -> None:
    line = Line()
    first, second = make_busy(1, grown_mb=88), make_busy(2, grown_mb=60)
    line.decide(0.0, read(500, first, second))
    ending = replace(first, is_ending=True)
    assert line.decide(1.0, read(500, ending, second)) == []
    assert line.decide(2.0, read(500, ending, second)) == []
    assert [action.pid for action in line.decide(3.0, read(500, make_seat(3), second))] == [102]


def test_tasks_that_others_end_one_after_the_other_do_not_put_a_stop_off() -> None:
    line = Line()
    for second in range(10):
        ending = make_seat(second, task="a task", turn=second, is_ending=True)
        actions = line.decide(second, read(500, ending, make_busy(99, grown_mb=60)))
        assert "stop" in [action.kind for action in actions], "nothing came of the one before"


def test_tasks_that_have_not_grown_are_not_stopped_for_what_others_hold() -> None:
    actions = Line().decide(0.0, read(511, make_busy(1, grown_mb=3), make_busy(2)))
    assert [action.kind for action in actions] == ["pause"]


def test_with_nothing_left_to_free_tasks_run_one_at_a_time() -> None:
    line = Line()
    stuck = read(447, make_seat(1), make_seat(2))
    line.decide(0.0, stuck)
    assert line.decide(STUCK_SECONDS - 0.1, stuck) == []
    assert line.most_running == 0
    assert say(line, STUCK_SECONDS, stuck) == [
        "447 of 512 MB (87.3 %): nothing is left to free, one task at a time"
    ]
    assert line.most_running == 1
    assert line.decide(STUCK_SECONDS + 1, read(460, make_busy(1), make_seat(2))) == []
    assert line.most_running == 1
    assert [action.kind for action in line.decide(30.0, read(400))] == ["resume"]
    assert line.most_running is None


def test_a_running_task_puts_the_single_one_off() -> None:
    line = Line()
    line.decide(0.0, read(447, make_seat(1), make_seat(2)))
    line.decide(STUCK_SECONDS - 1, read(447, make_busy(1), make_seat(2)))
    assert line.decide(STUCK_SECONDS + 1, read(447, make_seat(1), make_seat(2))) == []
    assert line.most_running == 0


@pytest.mark.parametrize("used_mb", [500, 512, 5000])
def test_one_task_at_a_time_is_begun_however_much_others_hold(used_mb: int) -> None:
    line = Line()
    for second in range(10):
        line.decide(second, read(used_mb, make_seat(1)))
        assert line.most_running == 0
    [action] = line.decide(10.0, read(used_mb, make_seat(1)))
    assert (action.kind, line.most_running) == ("one by one", 1)
    assert line.decide(11.0, read(used_mb, make_busy(1))) == []
    assert line.most_running == 1


@pytest.mark.parametrize("used_mb", [0, 512, 5000])
def test_a_cluster_without_a_seat_has_nothing_to_free(used_mb: int) -> None:
    reading = Level(used_bytes=used_mb * MIB, quota_bytes=QUOTA_MB * MIB)
    assert {action.kind for action in Line().decide(0.0, reading)} <= {"pause"}
