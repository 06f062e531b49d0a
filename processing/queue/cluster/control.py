"""Messages between the template and the supervisor: a line of JSON, with a seat's sockets or none.

From the template: {"seat": index, "pid": …} with SEAT_SOCKETS, {"unborn": index},
{"exit": pid, "status": …}, {"stop": how many signals came}. From the supervisor: {"fork": index},
{"signal": number, "pid": …}, for the seat's whole process group.
"""

from __future__ import annotations

import json
import socket
import threading
from array import array
from collections import deque
from collections.abc import Sequence
from typing import Any

READ_BYTES = 64 * 1024
#: Of each seat: its channel's, and both ends of that for its tickets.
SEAT_SOCKETS = 3
#: Sockets taken with one read.
MOST_SOCKETS = 64 * SEAT_SOCKETS
INT_BYTES = array("i").itemsize


class Control:
    """One end of the line. Two threads may send; a message is far smaller than a socket's room."""

    def __init__(self, stream: socket.socket) -> None:
        self.stream = stream
        self._incoming = b""
        self._sockets: deque[int] = deque()
        self._sending = threading.Lock()

    def send(self, message: dict[str, Any], attached: Sequence[socket.socket] = ()) -> None:
        """Send a message. The other side's death is noticed by its end, not here."""
        line = json.dumps(message).encode() + b"\n"
        try:
            with self._sending:
                sent = 0
                if attached:
                    descriptors = [stream.fileno() for stream in attached]
                    sent = socket.send_fds(self.stream, [line], descriptors)
                self.stream.sendall(line[sent:])
        except OSError:
            return

    def receive(self) -> list[dict[str, Any]]:
        """The messages that have come. Raises EOFError when the other side is gone."""
        try:
            # Not socket.recv_fds, which takes flags and does not pass them on: it would wait.
            data, attachments, _, _ = self.stream.recvmsg(
                READ_BYTES, socket.CMSG_SPACE(MOST_SOCKETS * INT_BYTES), socket.MSG_DONTWAIT
            )
        except BlockingIOError:
            return []
        except OSError as error:
            raise EOFError from error
        if not data:
            raise EOFError
        for _, _, descriptors in attachments:  # nothing else is ever attached
            self._sockets.extend(array("i", descriptors))
        *lines, self._incoming = (self._incoming + data).split(b"\n")
        return [json.loads(line) for line in lines]

    def take_socket(self) -> socket.socket:
        """The socket of the oldest message that had one and was not asked for it yet."""
        return socket.socket(fileno=self._sockets.popleft())

    def close(self) -> None:
        """Close this end."""
        self.stream.close()
