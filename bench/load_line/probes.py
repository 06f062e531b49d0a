"""Whoever asks for the health, all the time: a thread for each path, each time a new connection."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass

PATHS = ("/healthz", "/readyz")
EVERY_SECONDS = 0.5
#: Later than this is too late.
LATE_SECONDS = 1.0
#: After so long an answer is not waited for.
PATIENCE_SECONDS = 10.0


@dataclass(kw_only=True)
class Probe:
    """What one path has answered so far."""

    path: str
    asked: int = 0
    late: int = 0
    """Good answers after more than LATE_SECONDS."""

    failed: int = 0
    """No answer, or not 200."""

    slowest_ms: float = 0.0
    """Of the good answers."""

    last_failure: str = ""

    def ask(self, port: int) -> None:
        """Ask once."""
        began = time.monotonic()
        failure = find_failure(port, self.path)
        seconds = time.monotonic() - began
        self.asked += 1
        if failure:
            self.failed += 1
            self.last_failure = failure
            return
        self.slowest_ms = max(self.slowest_ms, seconds * 1000)
        self.late += seconds > LATE_SECONDS


def find_failure(port: int, path: str) -> str:
    """Why there was no good answer; empty when there was one."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    try:
        with closing(connection):
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__
    return "" if answer.status == http.client.OK else str(answer.status)


@contextmanager
def probe(port: int, paths: Sequence[str] = PATHS) -> Iterator[list[Probe]]:
    """Ask all along the block."""
    stop = threading.Event()
    probes = [Probe(path=path) for path in paths]

    def keep_asking(probe: Probe) -> None:
        while not stop.wait(EVERY_SECONDS):
            probe.ask(port)

    threads = [threading.Thread(target=keep_asking, args=(probe,), daemon=True) for probe in probes]
    for thread in threads:
        thread.start()
    try:
        yield probes
    finally:
        stop.set()
        for thread in threads:
            thread.join(PATIENCE_SECONDS)
