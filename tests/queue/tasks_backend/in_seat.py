"""Running what is due in this process, by the seat's own code."""

from __future__ import annotations

import os
import signal
import socket
from unittest.mock import patch

from django_q import worker as django_q_worker
from django_q.conf import Conf

from processing.memory.limit import lift_burst_limit
from processing.queue.claims import Claim, claim_jobs
from processing.queue.cluster.board import Board
from processing.queue.cluster.call import INTERRUPT_SIGNAL
from processing.queue.cluster.channel import read_message
from processing.queue.cluster.link import Link
from processing.queue.cluster.outcome import make_ending
from processing.queue.cluster.seat import Seat, Timer
from processing.queue.cluster.tickets import Tickets
from processing.queue.settle import settle_endings
from tests.queue.cluster.in_hand import make_plan

MOST_JOBS = 20


def run_due_jobs() -> int:
    """Run and settle all that is due, what comes of it too; returns how many deliveries."""
    for count in range(MOST_JOBS):
        claims = claim_jobs(Conf.CLUSTER_NAME, claimant="tests:0:0:0:0", count=1)
        if not claims:
            return count
        run_claim(claims[0])
    raise AssertionError(f"more than {MOST_JOBS} jobs")


def run_claim(claim: Claim) -> None:
    ours, theirs = socket.socketpair()
    issued, taken = socket.socketpair()
    slot = Board(1).slot(0)
    with ours, theirs, issued, taken:
        tickets = Tickets(issued, taken)
        link = Link(
            index=0,
            pid=os.getpid(),
            slot=slot,
            stream=ours,
            tickets=tickets,
            plan=make_plan(),
        )
        [running] = link.give([claim])
        issued.close()  # the seat leaves when it has taken the one ticket
        _be_seat(Seat(theirs, taken, slot))
        ours.setblocking(True)
        report = read_message(ours)
    assert report is not None
    assert settle_endings([make_ending(running, report, is_stopping=False)])


def _be_seat(seat: Seat) -> None:
    before = signal.getsignal(INTERRUPT_SIGNAL)
    try:
        with (
            patch.object(django_q_worker, "TimeoutHandler", seat.window),
            # The connection is the test's, and in its transaction.
            patch.object(django_q_worker, "close_old_django_connections"),
        ):
            django_q_worker.worker(seat, seat, Timer(), None)
    finally:
        lift_burst_limit()
        signal.signal(INTERRUPT_SIGNAL, before)
