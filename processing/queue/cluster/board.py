"""A page of memory that the supervisor and the seats share: one slot for each seat.

It says what a message cannot: which of its tasks a seat is at, and what is ordered of that one,
which reads no messages while it runs. A seat's tasks are counted from 1: that is their turn.
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
    MEMORY = 5


#: A slot is five unsigned integers of four bytes, a float and four integers of eight, each written
#: at once.
SLOT_BYTES = 64
NUMBERS = slice(0, 20)
TIMES = slice(24, 32)
SIZES = slice(32, 64)
ORDER, ORDERED, BEGUN, ENDED, TOLD = range(5)
SIZE, UNFILLED, START_SIZE, LAST_SIZE = range(4)


class Slot:
    """The part of one seat."""

    def __init__(self, page: mmap.mmap, start: int) -> None:
        slot = memoryview(page)[start : start + SLOT_BYTES]
        self._numbers = slot[NUMBERS].cast("I")
        self._times = slot[TIMES].cast("d")
        self._sizes = slot[SIZES].cast("Q")

    @property
    def order(self) -> Order:
        """What is ordered of the task that the seat began last."""
        if self._numbers[ORDERED] != self._numbers[BEGUN]:
            return Order.NONE
        return Order(self._numbers[ORDER])

    def give_order(self, order: Order, turn: int) -> None:
        """Order this of the task at `turn`, and nothing any more of any other."""
        self._numbers[ORDER] = order
        self._numbers[ORDERED] = turn

    @property
    def begun(self) -> int:
        """The turn of the task that the seat began last; 0 before the first."""
        return self._numbers[BEGUN]

    @property
    def began_at(self) -> float:
        """When it began that task, on the monotonic clock, in seconds."""
        return self._times[0]

    @property
    def size_bytes(self) -> int:
        """What the seat held when it began that task: all but the pages of files."""
        return self._sizes[SIZE]

    @property
    def start_bytes(self) -> int:
        """What it held when it started; 0 while it is still about to."""
        return self._sizes[START_SIZE]

    @property
    def last_bytes(self) -> int:
        """What it holds that has grown and makes way for a new one; 0 for any other."""
        return self._sizes[LAST_SIZE]

    @property
    def unfilled_bytes(self) -> int:
        """What address space it had then and had not filled."""
        return self._sizes[UNFILLED]

    @property
    def ended(self) -> int:
        """The turn of the last task that has ended; telling how may still take its time."""
        return self._numbers[ENDED]

    @property
    def told(self) -> int:
        """The turn of the last task whose end the seat has told."""
        return self._numbers[TOLD]

    @property
    def is_taken(self) -> bool:
        """Whether the seat has begun with a task and not yet told how it ended."""
        return self.begun > self.told

    def start(self, size_bytes: int) -> None:
        """The seat has started, and holds so much."""
        self._sizes[START_SIZE] = size_bytes

    def make_way(self, size_bytes: int) -> None:
        """The seat ends because it has grown to so much."""
        self._sizes[LAST_SIZE] = size_bytes

    def begin(self, turn: int, now: float, size_bytes: int, unfilled_bytes: int = 0) -> None:
        """The seat, which holds `size_bytes`, begins with the task at `turn`."""
        self._times[0] = now
        self._sizes[SIZE], self._sizes[UNFILLED] = size_bytes, unfilled_bytes
        self._numbers[BEGUN] = turn

    def end(self) -> None:
        """The task that the seat began last has ended, and it is about to tell how."""
        self._numbers[ENDED] = self._numbers[BEGUN]

    def tell(self) -> None:
        """The seat has told how the task ended that it began last."""
        self._numbers[ENDED] = self._numbers[TOLD] = self._numbers[BEGUN]

    def clear(self) -> None:
        """Make it ready for a new seat."""
        for values in (self._numbers, self._sizes):
            for index in range(len(values)):
                values[index] = 0


class Board:
    """The page; made before the first fork, so that every process of the cluster has it."""

    def __init__(self, seat_count: int) -> None:
        self._page = mmap.mmap(-1, seat_count * SLOT_BYTES)

    def slot(self, index: int) -> Slot:
        """The slot of seat `index`, from 0."""
        return Slot(self._page, index * SLOT_BYTES)
