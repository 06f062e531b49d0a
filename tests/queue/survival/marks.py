"""What tasks have written down of themselves: lines in a file, each by one write."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from tests.service import wait_for

#: Until tasks have begun, in a cluster that just starts.
BEGIN_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What a delivery did, in which process, and when; `at` is of the machine's clock, seconds."""

    event: str
    job_id: UUID
    delivery: int
    pid: int
    at: float


def write_mark(path: str, event: str, *, job_id: UUID, delivery: int, pid: int) -> None:
    """Add a line, whole even if the process is killed in that moment."""
    line = f"{event} {job_id.hex} {delivery} {pid} {time.time()!r}\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


def read_marks(path: Path, event: str | None = None) -> list[Mark]:
    """The marks of that event, or all, in the order in which they were written."""
    marks = _parse(path.read_text()) if path.exists() else ()
    return [mark for mark in marks if event in (None, mark.event)]


def wait_for_marks(path: Path, event: str, count: int) -> None:
    """Wait until there are so many of that event."""
    wait_for(lambda: len(read_marks(path, event)) >= count, BEGIN_SECONDS, f"{event} is missing")


def _parse(text: str) -> Iterator[Mark]:
    for line in text.splitlines():
        event, job_id, delivery, pid, at = line.split()
        yield Mark(
            event=event, job_id=UUID(job_id), delivery=int(delivery), pid=int(pid), at=float(at)
        )
