"""Messages between the supervisor and a seat: a length and JSON, on a socket of their own."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Iterable, Iterator
from typing import Any

LENGTH = struct.Struct("!I")
#: No message is longer: a package of the largest size that may be queued, or the report of a result
#: as large as may be kept.
MESSAGE_MOST_BYTES = 32 * 1024 * 1024
#: The exit status of a seat whose task closed or replaced its socket.
SOCKET_LOST_STATUS = 70
#: Read at once.
READ_BYTES = 256 * 1024


class BrokenChannel(Exception):
    """What came is no message: somebody else wrote into the socket."""


def pack_message(message: dict[str, Any]) -> bytes:
    """The bytes of a message. Raises ValueError when it is longer than MESSAGE_MOST_BYTES."""
    body = json.dumps(message, separators=(",", ":")).encode()
    if len(body) > MESSAGE_MOST_BYTES:
        raise ValueError(f"A message of {len(body)} bytes; the most is {MESSAGE_MOST_BYTES}.")
    return LENGTH.pack(len(body)) + body


def read_message(stream: socket.socket) -> dict[str, Any] | None:
    """Wait for a message; None when the other side is gone."""
    head = _read_exactly(stream, LENGTH.size)
    if head is None:
        return None
    body = _read_exactly(stream, LENGTH.unpack(head)[0])
    if body is None:
        return None
    message: dict[str, Any] = json.loads(body)
    return message


def _read_exactly(stream: socket.socket, size: int) -> bytes | None:
    parts, left = [], size
    while left:
        part = stream.recv(min(left, READ_BYTES))
        if not part:
            return None
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


class Channel:
    """The supervisor's end: it never blocks, and it holds one message at most in each direction."""

    def __init__(self, stream: socket.socket) -> None:
        stream.setblocking(False)
        self.stream = stream
        self._incoming = bytearray()
        self._outgoing = memoryview(b"")

    @property
    def has_more_to_send(self) -> bool:
        """Whether part of a message still waits for room in the socket."""
        return bool(self._outgoing)

    def send(self, messages: Iterable[dict[str, Any]]) -> None:
        """Send messages, as much of them as fits now; `flush` sends the rest."""
        self._outgoing = memoryview(b"".join([self._outgoing, *map(pack_message, messages)]))
        self.flush()

    def flush(self) -> None:
        """Send what fits. A seat that is gone is noticed by its end, not here."""
        try:
            while self._outgoing:
                self._outgoing = self._outgoing[self.stream.send(self._outgoing) :]
        except BlockingIOError:
            return
        except OSError:
            self._outgoing = memoryview(b"")

    def receive(self) -> Iterator[dict[str, Any]]:
        """The messages that are complete by now. Raises EOFError behind the last one.

        Raises BrokenChannel for what is no message.
        """
        is_open = self._fill()
        while (message := self._take()) is not None:
            yield message
        if not is_open:
            raise EOFError

    def close(self) -> None:
        """Close the socket; the seat takes this as the order to leave."""
        self.stream.close()

    def _fill(self) -> bool:
        """Read what is there, up to one message; False when the other side has closed."""
        try:
            while len(self._incoming) <= MESSAGE_MOST_BYTES:
                part = self.stream.recv(READ_BYTES)
                if not part:
                    return False
                self._incoming += part
                if len(part) < READ_BYTES:
                    return True
        except BlockingIOError:
            pass
        except OSError:
            return False
        return True

    def _take(self) -> dict[str, Any] | None:
        if len(self._incoming) < LENGTH.size:
            return None
        (size,) = LENGTH.unpack_from(self._incoming)
        if size > MESSAGE_MOST_BYTES:
            raise BrokenChannel
        end = LENGTH.size + size
        if len(self._incoming) < end:
            return None
        body = bytes(self._incoming[LENGTH.size : end])
        del self._incoming[:end]
        try:
            message = json.loads(body)
        except ValueError as error:
            raise BrokenChannel from error
        if not isinstance(message, dict):
            raise BrokenChannel
        return message
