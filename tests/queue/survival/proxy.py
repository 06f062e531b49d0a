"""A TCP proxy before a server that is to seem away, and stays as it is for everybody else."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass

from tests.service import find_free_port

READ_BYTES = 64 * 1024
CONNECT_SECONDS = 5.0
LISTEN_BACKLOG = 16


@dataclass(kw_only=True)
class Link:
    """A client and its connection to the server."""

    client: socket.socket
    server: socket.socket
    is_in_transaction: bool = False
    loses_commit: bool = False
    is_deaf: bool = False

    def end(self) -> None:
        """Close both."""
        for stream in (self.client, self.server):
            _end(stream)


class Proxy:
    """Passes bytes on between clients of `port` and the server."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._streams: list[socket.socket] = []
        self._flows = threading.Event()
        self._flows.set()
        self._lost: bytes | None = None
        self.has_lost = threading.Event()
        self._listener: socket.socket | None = None
        self.port = find_free_port()
        self.admit()

    def admit(self) -> None:
        """Take clients."""
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=LISTEN_BACKLOG)
        threading.Thread(target=self._serve, args=[self._listener], daemon=True).start()

    def refuse(self) -> None:
        """Take no more clients, and cut off those that are there."""
        listener, self._listener = self._listener, None
        if listener is not None:
            _end(listener)
        while self._streams:
            _end(self._streams.pop())

    def hold(self) -> None:
        """Keep back what comes, in either direction."""
        self._flows.clear()

    def release(self) -> None:
        """Let it go on."""
        self._flows.set()

    def lose_answer(self, text: bytes) -> None:
        """Cut off the client that says this, once the server has committed it, before it knows."""
        self._lost = text
        self.has_lost.clear()

    def _serve(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(self._server, timeout=CONNECT_SECONDS)
                server.settimeout(None)
                self._streams += [client, server]
                link = Link(client=client, server=server)
                for pump in (self._pump_questions, self._pump_answers):
                    threading.Thread(target=pump, args=[link], daemon=True).start()

    def _pump_questions(self, link: Link) -> None:
        with suppress(OSError):
            while data := link.client.recv(READ_BYTES):
                self._flows.wait()
                link.is_in_transaction |= b"BEGIN" in data
                if self._lost is not None and self._lost in data:
                    self._lost, link.loses_commit = None, True
                # Outside a transaction a statement commits itself.
                if link.loses_commit and (b"COMMIT" in data or not link.is_in_transaction):
                    link.is_deaf = True
                link.is_in_transaction &= b"COMMIT" not in data and b"ROLLBACK" not in data
                link.server.sendall(data)
        link.end()

    def _pump_answers(self, link: Link) -> None:
        with suppress(OSError):
            while data := link.server.recv(READ_BYTES):
                self._flows.wait()
                if link.is_deaf:
                    self.has_lost.set()
                    break
                link.client.sendall(data)
        link.end()


def _end(stream: socket.socket) -> None:
    """Close it, and wake who waits in it."""
    with suppress(OSError):
        stream.shutdown(socket.SHUT_RDWR)
    stream.close()
