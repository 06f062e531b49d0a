"""Many uploads at the same time from one thread, and what they cost the web process meanwhile."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from selectors import EVENT_WRITE, DefaultSelector

from processing.memory.usage import read_proportional_bytes
from tests.service import Service
from tests.web.wire import write_head

FORM = "multipart/form-data; boundary=b"
PART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
END = b"\r\n--b--\r\n"
PIECE = b"x" * 256 * 1024
LOOK_SECONDS = 0.02


class Peak:
    """The most that the worker of a service has held since, looked at often."""

    def __init__(self, service: Service) -> None:
        self._pid = service.worker.pid
        self._start_bytes = self._most_bytes = read_proportional_bytes(self._pid)
        self._looked_at = 0.0

    @property
    def added_bytes(self) -> int:
        """What it held more than at the start."""
        return self._most_bytes - self._start_bytes

    @property
    def now_bytes(self) -> int:
        """What it holds now more than at the start."""
        return read_proportional_bytes(self._pid) - self._start_bytes

    def look(self) -> None:
        """Look, if the last time is long enough ago."""
        if time.monotonic() - self._looked_at >= LOOK_SECONDS:
            self._most_bytes = max(self._most_bytes, read_proportional_bytes(self._pid))
            self._looked_at = time.monotonic()

    def look_until(self, is_done: Callable[[], bool], seconds: float, what: str) -> None:
        """Look again and again until it is done; fail when it is not within `seconds`."""
        deadline = time.monotonic() + seconds
        while not is_done():
            assert time.monotonic() < deadline, f"waited {seconds} s in vain: {what}"
            self.look()
            time.sleep(LOOK_SECONDS)


def begin_uploads(
    service: Service, holding: ExitStack, *, count: int, file_bytes: int
) -> list[socket.socket]:
    """Connections that have sent the head of an upload and of its part."""
    length = len(PART) + file_bytes + len(END)
    head = write_head("POST", "/upload_file", Content_Type=FORM, Content_Length=length)
    connections = [holding.enter_context(service.connect()) for _ in range(count)]
    for connection in connections:
        connection.sendall(head + PART)
        connection.setblocking(False)
    return connections


def send_together(connections: list[socket.socket], each_bytes: int, peak: Peak) -> None:
    """Send so many bytes on each, as fast as each of them takes them."""
    left = dict.fromkeys(connections, each_bytes)
    with DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection, EVENT_WRITE)
        while left:
            for key, _ in selector.select(5):
                connection = key.fileobj
                assert isinstance(connection, socket.socket)
                left[connection] -= connection.send(memoryview(PIECE)[: left[connection]])
                if not left[connection]:
                    selector.unregister(connection)
                    del left[connection]
                peak.look()
