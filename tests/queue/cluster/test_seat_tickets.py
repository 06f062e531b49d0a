"""A seat begins only what it has a ticket for, and obeys only what is ordered of that."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest

from processing.queue.cluster.board import Order
from processing.queue.cluster.call import INTERRUPT_SIGNAL
from processing.queue.cluster.seat import STOP
from processing.queue.current import current
from tests.queue.cluster.seat_stand import SeatStand, open_seat, read_message_now

# django-q2's loop closes connections that are too old, where there is one.
pytestmark = pytest.mark.django_db


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch) -> Iterator[SeatStand]:
    with open_seat(monkeypatch) as stand:
        yield stand


def test_what_was_taken_back_is_skipped_and_never_run(stand: SeatStand) -> None:
    stand.give(job_id=UUID(int=1))
    for number in (2, 3):
        stand.give(job_id=UUID(int=number), func="no.such.function")
    assert stand.seat.get()["ack_id"] == f"{UUID(int=1).hex}:3"
    assert stand.tickets.take_back() == {2, 3}
    current.end()
    stand.give(job_id=UUID(int=4))
    stand.run_loop()
    assert stand.read_report()["job"] == UUID(int=4).hex
    assert read_message_now(stand.supervisor) is None
    assert (stand.slot.begun, stand.slot.told) == (4, 4)


def test_a_task_without_a_ticket_is_waited_with(stand: SeatStand) -> None:
    turn = stand.send()
    stand.taken.setblocking(False)
    with pytest.raises(BlockingIOError):
        stand.seat.get()
    assert stand.slot.begun == 0
    stand.tickets.issue([turn])
    assert stand.seat.get()["func"] == "math.sqrt"
    assert stand.slot.begun == turn


def test_a_task_whose_ticket_never_comes_is_not_run(stand: SeatStand) -> None:
    stand.send()
    stand.run_loop()
    assert read_message_now(stand.supervisor) is None
    assert stand.slot.begun == 0


@pytest.mark.parametrize("ordered", [1, 3])
def test_an_order_of_another_task_neither_interrupts_nor_ends_the_loop(
    stand: SeatStand, ordered: int
) -> None:
    stand.give()
    stand.give(func="signal.raise_signal", args=(int(INTERRUPT_SIGNAL),))
    stand.seat.get()
    current.end()
    stand.slot.tell()
    stand.slot.give_order(Order.CANCEL, ordered)
    stand.run_loop()
    report = stand.read_report()
    assert (report["outcome"], report["is_leaving"]) == ("succeeded", False)


def test_a_ticket_for_a_task_that_never_comes_is_the_end_too(stand: SeatStand) -> None:
    stand.tickets.issue([1])
    stand.supervisor.close()
    assert stand.seat.get() == STOP
