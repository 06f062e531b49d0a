"""Running what is due in this process, by the seat's own code."""

from __future__ import annotations

import os
import signal
import socket
from unittest.mock import patch

from django_q import worker as django_q_worker
from django_q.conf import Conf

from processing.queue.claims import Claim, claim_jobs
from processing.queue.cluster.board import Board
from processing.queue.cluster.call import INTERRUPT_SIGNAL
from processing.queue.cluster.channel import pack_message, read_message
from processing.queue.cluster.outcome import make_ending
from processing.queue.cluster.running import Running
from processing.queue.cluster.seat import Seat, Timer
from processing.queue.settle import settle_endings

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
    slot = Board(1).slot(0)
    with ours, theirs:
        running = Running(claim=claim, seat_pid=os.getpid(), slot=slot, stream=ours)
        message = {
            "job": claim.delivery.job_id.hex,
            "delivery": claim.delivery.number,
            "package": claim.package,
            "timeout_seconds": claim.timeout_seconds,
        }
        ours.sendall(pack_message(message))
        ours.shutdown(socket.SHUT_WR)  # the seat leaves when it has read this
        _be_seat(Seat(theirs, slot))
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
        signal.signal(INTERRUPT_SIGNAL, before)
