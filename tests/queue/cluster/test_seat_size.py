"""When a seat makes way for a new one."""

from __future__ import annotations

import pytest

from processing.memory.sizes import LARGE_TASK_BYTES, SEAT_GROWTH_BYTES
from processing.queue.cluster import seat_size as seat_size_module
from processing.queue.cluster.board import Board
from processing.queue.cluster.seat_size import SeatSize

START_BYTES = 40 * 1024 * 1024


class Stand:
    """A seat that holds what the test says, and counts how often it trims."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.held_bytes = START_BYTES
        self.trims = 0
        monkeypatch.setattr(seat_size_module, "read_held_bytes", lambda pid: self.held_bytes)
        monkeypatch.setattr(seat_size_module, "trim_memory", self.trim)
        self.slot = Board(1).slot(0)
        self.size = SeatSize(self.slot)

    def trim(self) -> None:
        self.trims += 1

    def is_grown(self, began_bytes: int, peak_bytes: int) -> bool:
        return self.size.is_grown(held_bytes=START_BYTES + began_bytes, peak_bytes=peak_bytes)


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch) -> Stand:
    return Stand(monkeypatch)


def test_a_small_task_is_not_looked_at(stand: Stand) -> None:
    stand.held_bytes += SEAT_GROWTH_BYTES
    assert not stand.is_grown(0, LARGE_TASK_BYTES - 1)
    assert stand.trims == 0


def test_what_a_large_task_freed_is_given_back(stand: Stand) -> None:
    assert not stand.is_grown(0, LARGE_TASK_BYTES)
    assert stand.trims == 1


@pytest.mark.parametrize("peak_bytes", [LARGE_TASK_BYTES, LARGE_TASK_BYTES - 1])
def test_a_seat_that_stays_large_makes_way_and_says_how_large(
    stand: Stand, peak_bytes: int
) -> None:
    stand.held_bytes += SEAT_GROWTH_BYTES
    assert stand.is_grown(SEAT_GROWTH_BYTES - peak_bytes, peak_bytes)
    assert stand.trims == 1
    assert (stand.slot.start_bytes, stand.slot.last_bytes) == (START_BYTES, stand.held_bytes)


def test_one_that_could_give_enough_back_stays(stand: Stand) -> None:
    stand.held_bytes += SEAT_GROWTH_BYTES - 1
    assert not stand.is_grown(SEAT_GROWTH_BYTES, 0)
    assert stand.trims == 1
    assert stand.slot.last_bytes == 0
