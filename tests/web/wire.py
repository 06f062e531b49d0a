"""HTTP by hand, for what a well-behaved client cannot be made to do."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from http.client import HTTPResponse
from select import select

from tests.service import Service

CHUNK_BYTES = 64 * 1024
GIB = 1024**3


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back, and how much of the body had been sent by then."""

    status: int
    headers: dict[str, str]
    body: bytes
    sent_bytes: int = 0


def write_head(method: str, target: str, **headers: str | int) -> bytes:
    """A request line and headers; `Content_Type="x"` becomes `Content-Type: x`."""
    fields = {"Host": "127.0.0.1", **headers}
    lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items()]
    return f"{method} {target} HTTP/1.1\r\n{''.join(lines)}\r\n".encode("latin-1")


def read_answer(connection: socket.socket, method: str = "GET", sent_bytes: int = 0) -> Answer:
    """The next answer on the connection, as far as its own framing says."""
    response = HTTPResponse(connection, method=method)
    response.begin()
    headers = {name.lower(): value for name, value in response.getheaders()}
    body = response.read()
    return Answer(status=response.status, headers=headers, body=body, sent_bytes=sent_bytes)


def exchange(service: Service, request: bytes) -> Answer:
    """Send bytes and read one answer."""
    with service.connect() as connection:
        connection.sendall(request)
        return read_answer(connection, request.split(b" ")[0].decode("latin-1"))


def send_until_answered(service: Service, head: bytes, *, chunked: bool = False) -> Answer:
    """Send a body of up to 1 GiB in small pieces, until there is an answer to read."""
    piece = b"x" * CHUNK_BYTES
    framed = b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece
    sent_bytes = 0
    with service.connect() as connection:
        connection.sendall(head)
        while sent_bytes < GIB:
            if select([connection], [], [], 0)[0]:
                break
            _, writable, _ = select([connection], [connection], [], 5)
            if writable:
                connection.sendall(framed)
                sent_bytes += len(piece)
        return read_answer(connection, "POST", sent_bytes)
