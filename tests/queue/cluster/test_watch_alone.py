"""Ending a task that runs alone, under a profile."""

from __future__ import annotations

import signal

import pytest

from processing.queue.cluster.board import Order
from processing.queue.cluster.call import INTERRUPT_SIGNAL
from processing.queue.cluster.last_stack import STACK_SIGNAL
from processing.queue.cluster.running import Running
from processing.queue.cluster.watch import (
    KILL_PROFILED_SECONDS,
    KILL_SECONDS,
    REPEAT_SECONDS,
    Watch,
)
from tests.queue.cluster.in_hand import SEAT_PID, make_running

KILL = (SEAT_PID, int(signal.SIGKILL))


def begin() -> tuple[list[tuple[int, int]], Watch, Running]:
    """What a watch sends, the watch, and a task that runs alone."""
    sent: list[tuple[int, int]] = []
    watch = Watch(lambda pid, number: sent.append((pid, int(number))))
    running = make_running(runs_alone=True)
    watch.begin(running)
    return sent, watch, running


def test_one_whose_allocations_are_traced_has_longer_to_free_them() -> None:
    sent, watch, running = begin()
    watch.order(running, Order.MEMORY)
    watch.tick(running.ordered_at + KILL_PROFILED_SECONDS - REPEAT_SECONDS)
    assert sent == [(SEAT_PID, int(STACK_SIGNAL)), (SEAT_PID, int(INTERRUPT_SIGNAL))]
    watch.tick(running.ordered_at + KILL_PROFILED_SECONDS)
    assert sent[-1] == KILL
    assert KILL not in sent[:-1]


@pytest.mark.parametrize("order", [Order.STOP, Order.CANCEL, Order.TIMEOUT])
def test_only_the_excess_of_its_memory_gives_it_longer(order: Order) -> None:
    sent, watch, running = begin()
    watch.order(running, order)
    watch.tick(running.ordered_at + KILL_SECONDS)
    assert sent[-1] == KILL


def test_a_stop_does_not_wait_for_it() -> None:
    sent, watch, running = begin()
    watch.order(running, Order.MEMORY)
    watch.order(running, Order.STOP)
    assert running.order is Order.MEMORY
    watch.tick(running.ordered_at + KILL_SECONDS)
    assert sent[-1] == KILL


def test_one_that_has_ended_is_not_over_its_limit_any_more() -> None:
    _, watch, running = begin()
    running.slot.end()
    watch.order(running, Order.MEMORY)
    assert running.order is Order.NONE
