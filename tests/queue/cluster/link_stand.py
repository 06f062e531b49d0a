"""A seat's link, with the seat's own ends of its sockets in the test's hands."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from typing import Any

from processing.queue.cluster.board import Board
from processing.queue.cluster.channel import read_message
from processing.queue.cluster.link import Link
from processing.queue.cluster.running import Running
from processing.queue.cluster.tickets import Tickets, take_ticket
from tests.queue.cluster.in_hand import make_plan, make_report

WAIT_SECONDS = 20.0


class LinkStand:
    """What the supervisor has of a seat, and what the seat does with its ends."""

    def __init__(self, open_sockets: ExitStack, *, index: int = 0) -> None:
        ours, self.stream = socket.socketpair()
        issued, self.taken = socket.socketpair()
        for stream in (ours, self.stream, issued, self.taken):
            open_sockets.enter_context(stream)
        self.stream.settimeout(WAIT_SECONDS)
        self.slot = Board(1).slot(0)
        tickets = Tickets(issued, self.taken)
        self.link = Link(
            index=index,
            pid=1000 + index,
            slot=self.slot,
            stream=ours,
            tickets=tickets,
            plan=make_plan(),
        )

    def begin_next(self) -> dict[str, Any]:
        """The seat begins with the next task that it has a ticket for; returns its message."""
        turn = take_ticket(self.taken)
        assert turn is not None
        message = read_message(self.stream)
        while message is not None and message["turn"] != turn:
            message = read_message(self.stream)
        assert message is not None
        self.slot.begin(turn, 0.0, 0)
        return message

    def tell(self) -> None:
        """The seat tells how the task ended that it began last."""
        self.slot.tell()


def report_of(running: Running) -> dict[str, Any]:
    """What a seat tells of this task."""
    delivery = running.claim.delivery
    return make_report(job=delivery.job_id.hex, delivery=delivery.number)
