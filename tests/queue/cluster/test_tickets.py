"""Leave to begin: each ticket is had by the seat, or by the supervisor that takes it back."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from processing.queue.cluster.tickets import READ_BYTES, TICKET, Tickets, take_ticket
from tests.service import ROOT

#: In a race, so many tickets are issued at a time and taken back soon after, so many times.
HANDFUL = 256
ROUNDS = 200
SPINS = 20_000
WAIT_SECONDS = 30.0

#: A seat that notes the turns it took, until there are no more.
TAKER = """
import socket, sys
from processing.queue.cluster.tickets import take_ticket

stream = socket.socket(fileno=int(sys.argv[1]))
print("up", flush=True)
turns = []
while (turn := take_ticket(stream)) is not None:
    turns.append(turn)
print(*turns)
"""


@dataclass(frozen=True, kw_only=True)
class TicketStand:
    """Both ends in the supervisor's hands; `taken` is the seat's too."""

    tickets: Tickets
    issued: socket.socket
    taken: socket.socket


@pytest.fixture
def stand() -> Iterator[TicketStand]:
    issued, taken = socket.socketpair()
    with issued, taken:
        yield TicketStand(tickets=Tickets(issued, taken), issued=issued, taken=taken)


def test_tickets_are_taken_in_the_order_in_which_they_were_issued(stand: TicketStand) -> None:
    stand.tickets.issue([1, 2])
    stand.tickets.issue([2**32 - 1])
    assert [take_ticket(stand.taken) for _ in range(3)] == [1, 2, 2**32 - 1]


def test_what_was_not_taken_is_taken_back(stand: TicketStand) -> None:
    stand.tickets.issue([1, 2, 3, 4])
    assert take_ticket(stand.taken) == 1
    assert stand.tickets.take_back() == {2, 3, 4}
    assert stand.tickets.take_back() == set()


def test_what_was_taken_back_no_seat_takes_any_more(stand: TicketStand) -> None:
    stand.tickets.issue([1, 2])
    stand.tickets.take_back()
    stand.tickets.issue([3])
    assert take_ticket(stand.taken) == 3


def test_taking_back_does_not_wait_where_there_is_nothing(stand: TicketStand) -> None:
    assert stand.tickets.take_back() == set()


def test_more_than_one_read_is_taken_back(stand: TicketStand) -> None:
    turns = range(1, 2 * READ_BYTES // TICKET.size)
    stand.tickets.issue(turns)
    assert stand.tickets.take_back() == set(turns)


def test_a_seat_takes_what_is_left_and_learns_that_there_will_be_no_more(
    stand: TicketStand,
) -> None:
    stand.tickets.issue([1])
    stand.issued.close()
    assert [take_ticket(stand.taken) for _ in range(3)] == [1, None, None]


def test_issuing_to_a_seat_that_is_gone_is_no_error(stand: TicketStand) -> None:
    stand.taken.close()
    stand.tickets.issue([1])


def test_after_the_close_nothing_is_issued_and_nothing_comes_back(stand: TicketStand) -> None:
    stand.tickets.issue([1])
    stand.tickets.close()
    stand.tickets.issue([2])
    assert stand.tickets.take_back() == set()


def test_a_seat_that_waits_in_another_process_learns_of_the_close(stand: TicketStand) -> None:
    with start_taker(stand.taken) as taker:
        stand.tickets.close()
        assert taker.communicate(timeout=WAIT_SECONDS)[0].split() == []


def test_each_ticket_is_had_by_exactly_one_side(stand: TicketStand) -> None:
    """Whatever the race's course: only after it both sides are asked what they had."""
    back: list[int] = []
    with start_taker(stand.taken) as taker:
        for start in range(1, ROUNDS * HANDFUL, HANDFUL):
            stand.tickets.issue(range(start, start + HANDFUL))
            for _ in range(start % SPINS):  # so that the seat may be at any of them
                pass
            back += sorted(stand.tickets.take_back())
        stand.tickets.close()
        taken = [int(line) for line in taker.communicate(timeout=WAIT_SECONDS)[0].split()]
    assert taken == sorted(taken)
    assert sorted(taken + back) == list(range(1, ROUNDS * HANDFUL + 1))


def test_what_a_stopped_seat_was_issued_is_all_taken_back(stand: TicketStand) -> None:
    with start_taker(stand.taken) as taker:
        taker.send_signal(signal.SIGSTOP)
        # Stopped, or still about to be: then it may have taken some.
        os.waitid(os.P_PID, taker.pid, os.WSTOPPED)
        stand.tickets.issue([1, 2, 3])
        assert stand.tickets.take_back() == {1, 2, 3}
        taker.send_signal(signal.SIGCONT)
        stand.tickets.close()
        assert taker.communicate(timeout=WAIT_SECONDS)[0].split() == []


def start_taker(taken: socket.socket) -> subprocess.Popen[str]:
    """A process that takes tickets; it is up."""
    taker = subprocess.Popen(
        [sys.executable, "-c", TAKER, str(taken.fileno())],
        cwd=ROOT,
        pass_fds=[taken.fileno()],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert taker.stdout is not None
    assert taker.stdout.readline() == "up\n"
    return taker
