"""Leave to begin: for each task that a seat is given it gets a ticket, and begins only with it.

The supervisor has both ends of the tickets' socket. One that it reads out itself no seat can read
any more: so it takes back, without asking, what a seat has not begun.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable

#: A ticket is the turn of its task.
TICKET = struct.Struct("=I")
#: More than there ever are.
READ_BYTES = 4096


class Tickets:
    """The supervisor's two ends: `ours` to write to, and the one that the seat reads from."""

    def __init__(self, ours: socket.socket, theirs: socket.socket) -> None:
        ours.setblocking(False)
        theirs.setblocking(True)  # the flag is the seat's too
        self._ours = ours
        self._theirs = theirs

    def issue(self, turns: Iterable[int]) -> None:
        """Let the seat begin these. One that is gone is noticed by its end, not here."""
        try:
            self._ours.sendall(b"".join(map(TICKET.pack, turns)))
        except OSError:
            return

    def take_back(self) -> set[int]:
        """The turns of those that the seat has not taken."""
        turns: set[int] = set()
        try:
            while data := self._theirs.recv(READ_BYTES, socket.MSG_DONTWAIT):
                turns.update(turn for (turn,) in TICKET.iter_unpack(data))
        except OSError:
            pass
        return turns

    def close(self) -> None:
        """There will be none any more."""
        self._ours.close()
        self._theirs.close()


def take_ticket(stream: socket.socket) -> int | None:
    """Wait for the next ticket, in a seat; None when there will be none."""
    data = stream.recv(TICKET.size)
    return TICKET.unpack(data)[0] if data else None
