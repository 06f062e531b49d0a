"""The page that supervisor and seats share."""

from __future__ import annotations

import subprocess
import sys

import pytest

from processing.queue.cluster.board import Board, Order, Slot

FORKED = """
import os
from processing.queue.cluster.board import Board

board = Board(2)
pid = os.fork()
if pid == 0:
    board.slot(1).begin(1, 2.5, 0)
    os._exit(0)
os.waitpid(pid, 0)
assert board.slot(1).is_taken and not board.slot(0).is_taken
assert board.slot(1).began_at == 2.5
"""


def order_taken(slot: Slot, order: Order) -> None:
    """Have a seat begin its first task, and order this of it."""
    slot.begin(1, 0.0, 0)
    slot.give_order(order, 1)


def test_a_new_board_orders_nothing_and_knows_of_no_task() -> None:
    slot = Board(1).slot(0)
    assert (slot.order, slot.is_taken) == (Order.NONE, False)


@pytest.mark.parametrize("order", Order)
def test_every_order_is_read_as_it_was_written(order: Order) -> None:
    slot = Board(1).slot(0)
    slot.begin(1, 0.0, 0)
    slot.give_order(order, 1)
    assert slot.order is order
    assert slot.is_taken


def test_each_seat_has_a_slot_of_its_own() -> None:
    board = Board(100)
    for index in range(0, 100, 2):
        order_taken(board.slot(index), Order.CANCEL)
    for index in range(100):
        slot = board.slot(index)
        expected = (Order.CANCEL, True) if index % 2 == 0 else (Order.NONE, False)
        assert (slot.order, slot.is_taken) == expected


def test_a_cleared_slot_is_ready_for_a_new_seat() -> None:
    board = Board(2)
    for index in (0, 1):
        order_taken(board.slot(index), Order.STOP)
    board.slot(0).clear()
    assert (board.slot(0).order, board.slot(0).is_taken) == (Order.NONE, False)
    assert (board.slot(1).order, board.slot(1).is_taken) == (Order.STOP, True)


def test_a_slot_knows_the_sizes_of_its_seat_and_forgets_them_for_a_new_one() -> None:
    slot = Board(1).slot(0)
    assert (slot.start_bytes, slot.size_bytes, slot.last_bytes) == (0, 0, 0)
    slot.start(40)
    slot.begin(1, 0.0, 2**40)
    slot.make_way(2**41)
    assert (slot.start_bytes, slot.size_bytes, slot.last_bytes) == (40, 2**40, 2**41)
    slot.clear()
    assert (slot.start_bytes, slot.size_bytes, slot.last_bytes) == (0, 0, 0)


def test_a_cleared_slot_counts_the_turns_anew() -> None:
    slot = Board(1).slot(0)
    slot.begin(5, 0.0, 0)
    slot.tell()
    slot.clear()
    assert (slot.begun, slot.told) == (0, 0)


def test_a_task_is_taken_from_its_beginning_until_its_end_was_told() -> None:
    slot = Board(1).slot(0)
    slot.begin(3, 2.5, 0)
    assert (slot.begun, slot.told, slot.began_at, slot.is_taken) == (3, 0, 2.5, True)
    slot.tell()
    assert (slot.begun, slot.told, slot.is_taken) == (3, 3, False)


@pytest.mark.parametrize("ordered", [1, 3])
def test_an_order_is_of_the_task_of_its_turn_alone(ordered: int) -> None:
    slot = Board(1).slot(0)
    slot.give_order(Order.CANCEL, ordered)
    orders = []
    for turn in (1, 2, 3, 4):
        slot.begin(turn, 0.0, 0)
        orders.append(slot.order)
        slot.tell()
    expected = [Order.CANCEL if turn == ordered else Order.NONE for turn in (1, 2, 3, 4)]
    assert orders == expected


def test_an_order_takes_the_place_of_the_one_before() -> None:
    slot = Board(1).slot(0)
    slot.begin(1, 0.0, 0)
    slot.give_order(Order.TIMEOUT, 1)
    slot.give_order(Order.CANCEL, 2)
    assert slot.order is Order.NONE
    slot.begin(2, 0.0, 0)
    assert slot.order is Order.CANCEL


def test_what_a_forked_process_writes_is_seen_by_the_one_that_forked_it() -> None:
    done = subprocess.run([sys.executable, "-c", FORKED], timeout=20)
    assert done.returncode == 0
