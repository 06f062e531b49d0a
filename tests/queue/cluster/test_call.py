"""The time in which a task's function runs, and what may end it; with real signals."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from django_q.exceptions import TimeoutException

from processing.queue.cluster.board import Board, Order, Slot
from processing.queue.cluster.call import (
    INTERRUPT_SIGNAL,
    CallWindow,
    ClusterStopping,
    JobCancelled,
    JobInterrupted,
    JobTimedOut,
    LeaseLost,
    MemoryLimitExceeded,
    TaskExited,
    describe_timeout,
)
from processing.queue.cluster.seat_profile import SeatProfile

TURN = 3
INTERRUPTS = [
    (Order.TIMEOUT, JobTimedOut),
    (Order.CANCEL, JobCancelled),
    (Order.STOP, ClusterStopping),
    (Order.LEASE_LOST, LeaseLost),
    (Order.MEMORY, MemoryLimitExceeded),
]


@pytest.fixture
def slot() -> Slot:
    slot = Board(1).slot(0)
    slot.begin(TURN, 0.0, 0)
    return slot


@pytest.fixture
def window(slot: Slot) -> Iterator[CallWindow]:
    """A window that was open once, so that the signal ends no test run."""
    numbers = (INTERRUPT_SIGNAL, signal.SIGALRM)
    before = {number: signal.getsignal(number) for number in numbers}
    window = CallWindow(slot, SeatProfile(lambda message: None))
    with window(-1):
        pass
    yield window
    for number, handler in before.items():
        signal.signal(number, handler)


def interrupt() -> None:
    signal.raise_signal(INTERRUPT_SIGNAL)


@pytest.mark.parametrize(("order", "expected"), INTERRUPTS)
def test_an_order_ends_the_call(
    window: CallWindow, slot: Slot, order: Order, expected: type[JobInterrupted]
) -> None:
    slot.give_order(order, TURN)
    with pytest.raises(expected), window(-1):
        interrupt()


def test_every_order_has_its_interrupt() -> None:
    assert {order for order, _ in INTERRUPTS} == set(Order) - {Order.NONE}


def test_a_signal_without_an_order_is_not_obeyed(window: CallWindow) -> None:
    with window(-1):
        interrupt()


@pytest.mark.parametrize("turn", [TURN - 1, TURN + 1])
def test_an_order_of_another_task_is_not_obeyed(window: CallWindow, slot: Slot, turn: int) -> None:
    slot.give_order(Order.CANCEL, turn)
    with window(-1):
        interrupt()
    slot.begin(turn, 0.0, 0)
    with pytest.raises(JobCancelled), window(-1):
        interrupt()


def test_an_order_outside_of_the_call_is_not_obeyed(window: CallWindow, slot: Slot) -> None:
    slot.give_order(Order.CANCEL, TURN)
    interrupt()
    with pytest.raises(JobCancelled), window(-1):
        interrupt()
    interrupt()


def test_an_order_after_the_window_was_closed_is_not_obeyed(window: CallWindow, slot: Slot) -> None:
    slot.give_order(Order.CANCEL, TURN)
    with window(-1):
        window.close()
        interrupt()


def test_a_window_that_was_closed_opens_again_for_the_next_call(
    window: CallWindow, slot: Slot
) -> None:
    window.close()
    slot.give_order(Order.STOP, TURN)
    with pytest.raises(ClusterStopping), window(-1):
        interrupt()


def test_a_task_that_changed_the_signals_handler_is_followed_by_one_that_is_interrupted(
    window: CallWindow, slot: Slot
) -> None:
    with window(-1):
        signal.signal(INTERRUPT_SIGNAL, signal.SIG_IGN)
    slot.give_order(Order.CANCEL, TURN)
    with pytest.raises(JobCancelled), window(-1):
        interrupt()


def test_an_interrupt_passes_what_swallows_errors(window: CallWindow, slot: Slot) -> None:
    slot.give_order(Order.CANCEL, TURN)

    async def interrupt_soon() -> None:
        await asyncio.sleep(0)
        interrupt()

    async def gather() -> None:
        await asyncio.gather(interrupt_soon(), asyncio.sleep(5), return_exceptions=True)

    def run_and_swallow() -> None:
        with suppress(Exception):
            asyncio.run(gather())

    with pytest.raises(JobCancelled), window(-1):
        run_and_swallow()


def test_an_order_that_is_repeated_while_the_task_is_looked_at_waits_for_the_end_of_that(
    slot: Slot, window: CallWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []

    def look(profile: SeatProfile, frame: Any) -> None:
        looks.append("begun")
        interrupt()
        looks.append("ended")

    monkeypatch.setattr(SeatProfile, "see_last", look)
    slot.give_order(Order.MEMORY, TURN)
    for _ in range(2):
        with pytest.raises(MemoryLimitExceeded), window(-1):
            interrupt()
        assert looks == ["begun", "ended"]
        looks.clear()


def test_an_interrupt_is_what_django_q2s_loop_takes_as_the_end_of_a_task() -> None:
    assert issubclass(JobInterrupted, TimeoutException)
    assert not issubclass(JobInterrupted, Exception)


def test_a_timeout_says_how_long_the_task_may_take(window: CallWindow, slot: Slot) -> None:
    slot.give_order(Order.TIMEOUT, TURN)
    window.timeout_seconds = 2.5
    with pytest.raises(JobTimedOut, match=r"maximum timeout value \(2\.5 seconds\)"), window(-1):
        interrupt()


@pytest.mark.parametrize(("seconds", "text"), [(60.0, "60"), (0.25, "0.25"), (86400.0, "86400")])
def test_a_timeout_is_told_as_django_q2_tells_it(seconds: float, text: str) -> None:
    expected = f"Task exceeded maximum timeout value ({text} seconds)"
    assert describe_timeout(seconds) == expected


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (SystemExit(3), "SystemExit: 3"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (asyncio.CancelledError(), "CancelledError"),
        (GeneratorExit("x"), "GeneratorExit: x"),
    ],
)
def test_what_would_end_the_process_fails_the_task(
    window: CallWindow, error: BaseException, text: str
) -> None:
    with pytest.raises(TaskExited) as caught, window(-1):
        raise error
    assert str(caught.value) == f"The task raised {text}"
    assert caught.value.__cause__ is error
    assert isinstance(caught.value, Exception)


@pytest.mark.parametrize("error", [ValueError("no"), TimeoutException("too long")])
def test_what_django_q2s_loop_knows_passes(window: CallWindow, error: BaseException) -> None:
    with pytest.raises(type(error)) as caught, window(-1):
        raise error
    assert caught.value is error


def test_a_task_that_runs_another_in_its_own_process_can_still_be_interrupted(
    window: CallWindow, slot: Slot
) -> None:
    def call_another() -> None:
        with window(-1):  # as async_task(…, sync=True) makes it
            pass
        interrupt()

    slot.give_order(Order.CANCEL, TURN)
    with pytest.raises(JobCancelled), window(-1):
        call_another()
    interrupt()


def test_a_task_that_another_one_runs_has_its_own_time_limit(window: CallWindow) -> None:
    with window(-1):
        with pytest.raises(TimeoutException), window(1):
            signal.raise_signal(signal.SIGALRM)
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_what_ends_a_task_inside_another_fails_the_outer_one(window: CallWindow) -> None:
    with pytest.raises(TaskExited, match="SystemExit: 3"), window(-1), window(-1):
        raise SystemExit(3)


def test_an_alarm_that_a_task_left_behind_does_not_ring_in_the_next(window: CallWindow) -> None:
    with window(-1):
        signal.setitimer(signal.ITIMER_REAL, 600)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
