"""How the hogs of a test grow: step by step, with a word when they are past their limit."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

MIB = 1024 * 1024
LIMIT_MB = 64
#: A hog that nobody ends takes more than the machine of the test gives, and then ends itself.
MOST_BYTES = 2048 * MIB
STEP_BYTES = 4 * MIB
#: A task does something with what it takes, so that a profile can look in between, on a machine
#: that has other work too; seconds. It takes 200 MB a second then.
GAP_SECONDS = 0.02
#: The same for another process, whose growth is seen from outside alone.
CHILD_GAP_SECONDS = 0.1
#: What nobody ends has ended by then, in seconds.
LONGEST_SECONDS = 60.0


def take_steps(
    note: str, step_bytes: int = STEP_BYTES, *, gap_seconds: float = GAP_SECONDS
) -> Iterator[int]:
    """Yield the size of the next step, until all together are MOST_BYTES.

    `note` is the file that gets a line once this process has grown by more than LIMIT_MB since.
    """
    most_bytes = read_own_bytes() + LIMIT_MB * MIB
    is_noted = False
    for _ in range(MOST_BYTES // step_bytes):
        yield step_bytes
        if not is_noted and read_own_bytes() > most_bytes:
            note_passing(note)
            is_noted = True
        time.sleep(gap_seconds)


def note_passing(note: str) -> None:
    """Write down the time; by hogs that take it all in one call, when they are about to."""
    descriptor = os.open(note, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, f"{time.time()!r}\n".encode())
    finally:
        os.close(descriptor)


def read_passings(note: Path) -> list[float]:
    """The times that were written down, in seconds since 1970, the first one first."""
    return sorted(map(float, note.read_text().split())) if note.exists() else []


def read_own_bytes() -> int:
    """What this process holds; these hogs map no files."""
    return int(psutil.Process().memory_info().rss)
