"""A page of memory that the supervisor and the seats share: one slot for each seat.

It says what a message cannot: what is ordered of a task that runs and reads no messages, and
whether a seat that died had begun with the task that it was given.
"""

from __future__ import annotations

import mmap
from enum import IntEnum


class Order(IntEnum):
    """Why a running task is to end."""

    NONE = 0
    TIMEOUT = 1
    CANCEL = 2
    STOP = 3
    LEASE_LOST = 4


SLOT_BYTES = 2


class Slot:
    """The part of one seat."""

    def __init__(self, page: mmap.mmap, start: int) -> None:
        self._page = page
        self._start = start

    @property
    def order(self) -> Order:
        """What the supervisor ordered last."""
        return Order(self._page[self._start])

    @order.setter
    def order(self, order: Order) -> None:
        self._page[self._start] = order

    @property
    def is_taken(self) -> bool:
        """Whether the seat has begun with its task and not yet told how it ended."""
        return bool(self._page[self._start + 1])

    @is_taken.setter
    def is_taken(self, is_taken: bool) -> None:
        self._page[self._start + 1] = is_taken

    def clear(self) -> None:
        """Make it ready for a new seat."""
        self.order = Order.NONE
        self.is_taken = False


class Board:
    """The page; made before the first fork, so that every process of the cluster has it."""

    def __init__(self, seat_count: int) -> None:
        self._page = mmap.mmap(-1, seat_count * SLOT_BYTES)

    def slot(self, index: int) -> Slot:
        """The slot of seat `index`, from 0."""
        return Slot(self._page, index * SLOT_BYTES)
