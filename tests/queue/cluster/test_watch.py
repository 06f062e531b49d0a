"""Ending tasks, by a clock that is moved by hand."""

from __future__ import annotations

import signal

import pytest

from processing.queue.cluster import watch as watch_module
from processing.queue.cluster.board import Order
from processing.queue.cluster.call import INTERRUPT_SIGNAL
from processing.queue.cluster.last_stack import STACK_SIGNAL
from processing.queue.cluster.running import Running
from processing.queue.cluster.watch import (
    IDLE_SECONDS,
    KILL_SECONDS,
    LOOK_SECONDS,
    REPEAT_SECONDS,
    STACK_SECONDS,
    Watch,
)
from tests.queue.cluster.in_hand import (
    BEGAN_AT,
    SEAT_PID,
    TURN,
    Clock,
    make_running,
    make_waiting,
)
from tests.service import wait_for

TIMEOUT_SECONDS = 5.0
ENDS_AT = BEGAN_AT + TIMEOUT_SECONDS
INTERRUPT = (SEAT_PID, int(INTERRUPT_SIGNAL))
KILL = (SEAT_PID, int(signal.SIGKILL))


class SentSignals(list[tuple[int, int]]):
    """What the watch sent, since it was looked at last."""

    def send(self, pid: int, number: int) -> None:
        self.append((pid, int(number)))

    def take(self) -> list[tuple[int, int]]:
        taken = list(self)
        self.clear()
        return taken


@pytest.fixture
def sent() -> SentSignals:
    return SentSignals()


@pytest.fixture
def watch(sent: SentSignals) -> Watch:
    return Watch(sent.send)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(watch_module, "time", clock)
    return clock


@pytest.fixture
def limited() -> Running:
    """A task with a time limit."""
    return make_running(timeout_seconds=TIMEOUT_SECONDS)


def test_a_task_within_its_time_is_left_alone(
    watch: Watch, sent: SentSignals, limited: Running
) -> None:
    watch.begin(limited)
    assert watch.tick(ENDS_AT - 2) == 2
    assert (sent.take(), limited.order, limited.slot.order) == ([], Order.NONE, Order.NONE)


def test_a_task_is_interrupted_again_and_again_and_killed_in_the_end(
    watch: Watch, sent: SentSignals, limited: Running
) -> None:
    watch.begin(limited)
    now, log = ENDS_AT, []
    while now <= ENDS_AT + KILL_SECONDS:
        wait = watch.tick(now)
        log += [(round(now - ENDS_AT, 2), one) for one in sent.take()]
        assert wait > 0
        now += wait
    repeats = int(KILL_SECONDS / REPEAT_SECONDS)
    assert log == sorted(
        [
            *[(round(index * REPEAT_SECONDS, 2), INTERRUPT) for index in range(repeats)],
            (round(KILL_SECONDS - STACK_SECONDS, 2), (SEAT_PID, int(STACK_SIGNAL))),
            (KILL_SECONDS, KILL),
        ]
    )


def test_the_order_can_be_read_before_its_signal_arrives(limited: Running) -> None:
    seen = []
    watch = Watch(lambda pid, number: seen.append(limited.slot.order))
    watch.begin(limited)
    watch.tick(ENDS_AT)
    assert seen == [Order.TIMEOUT]


def test_looking_often_does_not_repeat_more_often(
    watch: Watch, sent: SentSignals, limited: Running
) -> None:
    watch.begin(limited)
    for step in range(10):
        watch.tick(ENDS_AT + step * REPEAT_SECONDS / 10)
    assert sent.take() == [INTERRUPT]


def test_a_task_whose_report_waits_to_be_read_had_no_timeout(
    watch: Watch, sent: SentSignals, limited: Running
) -> None:
    watch.begin(limited)
    limited.slot.tell()
    assert watch.tick(ENDS_AT + 60) > 0
    assert (sent.take(), limited.order) == ([], Order.NONE)


def test_a_task_whose_report_is_on_its_way_had_no_timeout(
    watch: Watch, sent: SentSignals, limited: Running
) -> None:
    watch.begin(limited)
    limited.slot.end()
    for late_seconds in (0.0, KILL_SECONDS, 60.0):
        assert watch.tick(ENDS_AT + late_seconds) > 0
    assert limited.is_under_way, "if the seat dies now, the task is lost"
    assert (sent.take(), limited.order) == ([], Order.NONE)


def test_a_task_that_was_told_is_neither_interrupted_nor_killed(
    watch: Watch, sent: SentSignals, clock: Clock
) -> None:
    running = make_running()
    watch.begin(running)
    watch.order(running, Order.CANCEL)
    running.slot.tell()
    for seconds in (0.0, REPEAT_SECONDS, KILL_SECONDS, 2 * KILL_SECONDS):
        assert 0 < watch.tick(clock.now + seconds) <= REPEAT_SECONDS
    assert sent.take() == []


def test_a_task_that_was_interrupted_and_then_told_is_not_killed(
    watch: Watch, sent: SentSignals, limited: Running
) -> None:
    watch.begin(limited)
    watch.tick(ENDS_AT)
    assert sent.take() == [INTERRUPT]
    limited.slot.tell()
    watch.tick(ENDS_AT + REPEAT_SECONDS)
    watch.tick(ENDS_AT + KILL_SECONDS)
    assert sent.take() == []


def test_a_task_that_waits_in_hand_is_not_timed_out_however_old_it_is(
    watch: Watch, sent: SentSignals
) -> None:
    waiting = make_waiting(timeout_seconds=TIMEOUT_SECONDS)
    waiting.slot.begin(TURN - 1, BEGAN_AT, 0)
    watch.begin(waiting)
    for seconds in (0.0, 60.0, 3600.0):
        assert watch.tick(ENDS_AT + seconds) == TIMEOUT_SECONDS
    assert (sent.take(), waiting.order, waiting.slot.order) == ([], Order.NONE, Order.NONE)


def test_the_time_of_a_task_that_waited_is_counted_from_its_beginning(
    watch: Watch, sent: SentSignals
) -> None:
    waiting = make_waiting(timeout_seconds=TIMEOUT_SECONDS)
    watch.begin(waiting)
    watch.tick(ENDS_AT + 60)
    waiting.slot.begin(TURN, ENDS_AT + 61, 0)
    assert watch.tick(ENDS_AT + 62) == TIMEOUT_SECONDS - 1
    watch.tick(ENDS_AT + 61 + TIMEOUT_SECONDS)
    assert sent.take() == [INTERRUPT]


def test_a_task_that_waits_with_a_very_short_time_is_not_looked_at_all_the_time(
    watch: Watch,
) -> None:
    watch.begin(make_waiting(timeout_seconds=1e-6))
    assert watch.tick(BEGAN_AT) == pytest.approx(LOOK_SECONDS)


def test_an_order_is_carried_out_at_the_next_look(
    watch: Watch, sent: SentSignals, clock: Clock
) -> None:
    running = make_running()
    watch.begin(running)
    assert watch.tick(clock.now) == IDLE_SECONDS, "it may take for ever"
    clock.now += 3
    watch.order(running, Order.CANCEL)
    assert (running.order, running.slot.order) == (Order.CANCEL, Order.CANCEL)
    watch.tick(clock.now)
    assert sent.take() == [INTERRUPT]
    watch.tick(clock.now + KILL_SECONDS)
    assert sent.take() == [KILL]


def test_the_first_order_is_the_one_that_counts(
    watch: Watch, sent: SentSignals, limited: Running, clock: Clock
) -> None:
    watch.begin(limited)
    watch.order(limited, Order.CANCEL)
    clock.now += KILL_SECONDS / 2
    watch.order(limited, Order.STOP)
    assert (limited.order, limited.slot.order) == (Order.CANCEL, Order.CANCEL)
    watch.tick(clock.now + KILL_SECONDS / 2)
    assert sent.take() == [KILL], "the time until then was not counted anew"


def test_a_task_that_has_ended_is_watched_no_more(
    watch: Watch, sent: SentSignals, limited: Running
) -> None:
    watch.begin(limited)
    watch.end(limited)
    watch.order(limited, Order.CANCEL)
    assert watch.tick(ENDS_AT + 60) == IDLE_SECONDS
    assert (sent.take(), limited.order, limited.slot.order) == ([], Order.NONE, Order.NONE)


def test_of_several_tasks_the_next_that_is_due_is_waited_for(watch: Watch) -> None:
    for timeout_seconds in (9, 5, None):
        watch.begin(make_running(timeout_seconds=timeout_seconds))
    assert watch.tick(BEGAN_AT) == 5


def test_the_thread_is_woken_by_orders_and_by_tasks_that_are_due_sooner(
    watch: Watch, sent: SentSignals
) -> None:
    watch.start()
    unlimited, limited = make_running(), make_running(timeout_seconds=0.01)
    watch.begin(unlimited)
    limited.slot.begin(TURN, 0.0, 0)  # by the real clock its time has long been up
    watch.begin(limited)
    wait_for(lambda: INTERRUPT in sent, 10, "the time-out was not seen")
    watch.end(limited)
    sent.clear()
    watch.order(unlimited, Order.CANCEL)
    wait_for(lambda: INTERRUPT in sent, 10, "the order was not seen")
    watch.end(unlimited)
