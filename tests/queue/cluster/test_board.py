"""The page that supervisor and seats share."""

from __future__ import annotations

import subprocess
import sys

import pytest

from processing.queue.cluster.board import Board, Order

FORKED = """
import os
from processing.queue.cluster.board import Board

board = Board(2)
pid = os.fork()
if pid == 0:
    board.slot(1).is_taken = True
    os._exit(0)
os.waitpid(pid, 0)
assert board.slot(1).is_taken and not board.slot(0).is_taken
"""


def test_a_new_board_orders_nothing_and_knows_of_no_task() -> None:
    slot = Board(1).slot(0)
    assert (slot.order, slot.is_taken) == (Order.NONE, False)


@pytest.mark.parametrize("order", Order)
def test_every_order_is_read_as_it_was_written(order: Order) -> None:
    slot = Board(1).slot(0)
    slot.order = order
    assert slot.order is order
    assert not slot.is_taken


def test_each_seat_has_a_slot_of_its_own() -> None:
    board = Board(100)
    for index in range(0, 100, 2):
        slot = board.slot(index)
        slot.order, slot.is_taken = Order.CANCEL, True
    for index in range(100):
        slot = board.slot(index)
        expected = (Order.CANCEL, True) if index % 2 == 0 else (Order.NONE, False)
        assert (slot.order, slot.is_taken) == expected


def test_a_cleared_slot_is_ready_for_a_new_seat() -> None:
    board = Board(2)
    for index in (0, 1):
        slot = board.slot(index)
        slot.order, slot.is_taken = Order.STOP, True
    board.slot(0).clear()
    assert (board.slot(0).order, board.slot(0).is_taken) == (Order.NONE, False)
    assert (board.slot(1).order, board.slot(1).is_taken) == (Order.STOP, True)


def test_what_a_forked_process_writes_is_seen_by_the_one_that_forked_it() -> None:
    done = subprocess.run([sys.executable, "-c", FORKED], timeout=20)
    assert done.returncode == 0
