"""The upstream of the fan-outs: `python -m bench.load_line.upstream BYTES DELAY_MS`.

It answers every GET with a body of that length, so long after it came. It prints its port and the
length of a whole answer, and ends with its standard input.

It does as little as possible: the answer is a file in memory that the kernel sends (sendfile), the
same for all, and what is to be sent next is the oldest that waits.
"""

from __future__ import annotations

import os
import selectors
import socket
import sys
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass

BACKLOG = 4_096
#: More than a GET has.
REQUEST_BYTES = 65_536


@dataclass(kw_only=True)
class Connection:
    """`sent_bytes` of the present answer are on their way."""

    socket: socket.socket
    request: bytes = b""
    sent_bytes: int = 0


class Upstream:
    def __init__(self, body_bytes: int, delay_seconds: float) -> None:
        head = (
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
            f"Content-Length: {body_bytes}\r\n\r\n"
        ).encode()
        self._answer = os.memfd_create("answer")
        self.answer_bytes = os.write(self._answer, head + b"u" * body_bytes)
        self._delay_seconds = delay_seconds
        self._waiting: deque[tuple[float, Connection]] = deque()
        self._selector = selectors.DefaultSelector()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
        self._selector.register(self._listener, selectors.EVENT_READ)
        self.port = self._listener.getsockname()[1]

    def serve(self) -> None:
        """Until the standard input ends."""
        self._selector.register(sys.stdin, selectors.EVENT_READ)
        while True:
            for key, events in self._selector.select(self._find_timeout()):
                if key.fileobj is sys.stdin:
                    return
                if key.fileobj is self._listener:
                    self._accept()
                elif events & selectors.EVENT_READ:
                    self._read(key.data)
                else:
                    self._send(key.data)
            while self._waiting and self._waiting[0][0] <= time.monotonic():
                self._send(self._waiting.popleft()[1])

    def _find_timeout(self) -> float | None:
        return max(0.0, self._waiting[0][0] - time.monotonic()) if self._waiting else None

    def _accept(self) -> None:
        accepted, _ = self._listener.accept()
        accepted.setblocking(False)
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._selector.register(accepted, selectors.EVENT_READ, Connection(socket=accepted))

    def _read(self, connection: Connection) -> None:
        try:
            piece = connection.socket.recv(REQUEST_BYTES)
        except OSError:
            piece = b""
        if not piece:
            self._close(connection)
            return
        connection.request += piece
        if connection.request.endswith(b"\r\n\r\n"):
            connection.request = b""
            self._waiting.append((time.monotonic() + self._delay_seconds, connection))

    def _send(self, connection: Connection) -> None:
        """Send as much as goes; the rest when there is room for it."""
        if connection.socket.fileno() < 0:
            return  # the client has left meanwhile
        left_bytes = self.answer_bytes - connection.sent_bytes
        try:
            connection.sent_bytes += os.sendfile(
                connection.socket.fileno(), self._answer, connection.sent_bytes, left_bytes
            )
        except BlockingIOError:
            pass
        except OSError:
            self._close(connection)
            return
        is_sent = connection.sent_bytes == self.answer_bytes
        if is_sent:
            connection.sent_bytes = 0
        self._watch(connection, selectors.EVENT_READ if is_sent else selectors.EVENT_WRITE)

    def _watch(self, connection: Connection, events: int) -> None:
        if self._selector.get_key(connection.socket).events != events:
            self._selector.modify(connection.socket, events, connection)

    def _close(self, connection: Connection) -> None:
        self._selector.unregister(connection.socket)
        connection.socket.close()


def main(body_bytes: int, delay_ms: int) -> None:
    upstream = Upstream(body_bytes, delay_ms / 1000)
    print(upstream.port, upstream.answer_bytes, flush=True)
    with suppress(KeyboardInterrupt):
        upstream.serve()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
