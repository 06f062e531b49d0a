"""A TCP proxy before a server that is to seem away, and stays as it is for everybody else."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

from tests.service import find_free_port

READ_BYTES = 64 * 1024
CONNECT_SECONDS = 5.0
LISTEN_BACKLOG = 16


class Proxy:
    """Passes bytes on between clients of `port` and the server."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._streams: list[socket.socket] = []
        self._flows = threading.Event()
        self._flows.set()
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

    def _serve(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(self._server, timeout=CONNECT_SECONDS)
                server.settimeout(None)
                self._streams += [client, server]
                for source, target in ((client, server), (server, client)):
                    threading.Thread(target=self._pump, args=[source, target], daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(READ_BYTES):
                self._flows.wait()
                target.sendall(data)
        for stream in (source, target):
            _end(stream)


def _end(stream: socket.socket) -> None:
    """Close it, and wake who waits in it."""
    with suppress(OSError):
        stream.shutdown(socket.SHUT_RDWR)
    stream.close()
