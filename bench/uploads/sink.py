"""A server that reads and does nothing else: `python -m bench.uploads.sink PORT`.

Beside it one sees how fast the sender is when nothing holds it up.
"""

from __future__ import annotations

import socket
import sys
import threading

BUFFER_BYTES = 256 * 1024
"""As much as asyncio reads at once."""

HEAD_BYTES = 8_192
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def serve(connection: socket.socket) -> None:
    """Read one request and answer it."""
    with connection:
        head = b""
        while b"\r\n\r\n" not in head:
            piece = connection.recv(HEAD_BYTES)
            if not piece:
                return
            head += piece
        head, _, begun = head.partition(b"\r\n\r\n")
        left_bytes = find_length(head) - len(begun)
        buffer = bytearray(BUFFER_BYTES)
        while left_bytes > 0 and (count := connection.recv_into(buffer)):
            left_bytes -= count
        connection.sendall(ANSWER)


def find_length(head: bytes) -> int:
    """What its Content-Length says."""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def main() -> None:
    with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=512) as listener:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main()
