"""A way to the S3 server that is cut again and again."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

BLOCK_BYTES = 64 * 1024


@contextmanager
def cut_connections(port: int, after_bytes: int) -> Iterator[int]:
    """The port of a relay to `port` that breaks each connection once so much came back on it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        accepting = threading.Thread(target=_accept, args=(listener, port, after_bytes))
        accepting.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()


def _accept(listener: socket.socket, port: int, after_bytes: int) -> None:
    relays = []
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            relays.append(threading.Thread(target=_relay, args=(client, port, after_bytes)))
            relays[-1].start()
    for relay in relays:
        relay.join()


def _relay(client: socket.socket, port: int, left_bytes: int) -> None:
    with closing(client), socket.create_connection(("127.0.0.1", port)) as server:
        asking = threading.Thread(target=_pump, args=(client, server))
        asking.start()
        with suppress(OSError):
            while left_bytes and (block := server.recv(min(BLOCK_BYTES, left_bytes))):
                client.sendall(block)
                left_bytes -= len(block)
        for end in (client, server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        asking.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while block := source.recv(BLOCK_BYTES):
            target.sendall(block)
        target.shutdown(socket.SHUT_WR)
