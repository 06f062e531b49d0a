"""What sends, in a process of its own: `python -m bench.uploads.sender`.

It reads a line of JSON, {"port", "requests"}, sends all requests at once, and prints a line with
the answers; then it keeps what has stalled open until its input ends. It does as little as
possible: the file is a block in memory that the kernel sends (sendfile), without a copy.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from bench.uploads.pattern import PATTERN_BYTES, open_pattern
from bench.uploads.request import Answer, Request

HOST = "127.0.0.1"
#: The longest answer that is read, in bytes.
ANSWER_BYTES = 65_536
#: A server that takes the first bytes of a stalling upload does so within this time, in seconds.
STALL_SECONDS = 5.0


class Upload(threading.Thread):
    """One request on a connection of its own, made beforehand; all start when all are there."""

    def __init__(self, port: int, request: Request, pattern: int, start: threading.Barrier) -> None:
        super().__init__(daemon=True)
        self.answer: Answer | None = None
        self.is_sent = False
        self.stalls = request.stalls
        self._request, self._pattern, self._start = request, pattern, start
        self._connection = socket.create_connection((HOST, port))

    def run(self) -> None:
        request = self._request
        self._start.wait()
        began_at = time.monotonic_ns()
        with suppress(OSError):  # refused in the middle: the answer tells why
            self._connection.sendall(request.write_head() + request.before.encode())
            self._send_pattern(request.sent_bytes)
            if not self.stalls:
                self._connection.sendall(request.after.encode())
            self.is_sent = True
        sent_at = time.monotonic_ns()
        if not self.stalls:
            self.answer = self._read_answer(began_at, sent_at)

    def _send_pattern(self, size_bytes: int) -> None:
        target, done = self._connection.fileno(), 0
        while done < size_bytes:
            start = done % PATTERN_BYTES
            count = min(PATTERN_BYTES - start, size_bytes - done)
            done += os.sendfile(target, self._pattern, start, count)

    def _read_answer(self, began_at: int, sent_at: int) -> Answer:
        """Read until the server closes, as it was asked to."""
        received, answered_at = b"", sent_at
        with suppress(OSError):
            while len(received) < ANSWER_BYTES and (piece := self._connection.recv(ANSWER_BYTES)):
                answered_at = time.monotonic_ns()
                received += piece
        head, _, body = received.decode("latin-1").partition("\r\n\r\n")
        first, *lines = head.split("\r\n")
        pairs = (line.partition(":") for line in lines)
        return Answer(
            began_at=began_at,
            sent_at=sent_at,
            answered_at=answered_at,
            status=int(first.split()[1]) if first else 0,
            headers={name.lower(): value.strip() for name, _, value in pairs},
            body=body,
        )


def start_all(port: int, requests: list[Request]) -> list[Upload]:
    """All at once. Whoever drops what this returns closes the connections."""
    pattern, start = open_pattern(), threading.Barrier(len(requests))
    uploads = [Upload(port, request, pattern, start) for request in requests]
    for upload in uploads:
        upload.start()
    return uploads


def finish_all(uploads: list[Upload]) -> dict[str, Any]:
    """How many were sent as far as they were to be, and the answers."""
    deadline = time.monotonic() + STALL_SECONDS
    for upload in uploads:
        upload.join(max(0.0, deadline - time.monotonic()) if upload.stalls else None)
    return {
        "sent": sum(upload.is_sent for upload in uploads),
        "answers": [asdict(upload.answer) for upload in uploads if upload.answer],
    }


def main() -> None:
    plan = json.loads(sys.stdin.readline())
    uploads = start_all(plan["port"], [Request(**given) for given in plan["requests"]])
    print(json.dumps(finish_all(uploads)), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
