"""Processes as /proc shows them: who belongs to a dyno, and whether it still runs."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import suppress

from processing.memory.usage import find_children

#: https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html
PR_SET_CHILD_SUBREAPER = 36

#: The end of what is read of one process's environment, in bytes; our mark is among the first.
ENVIRONMENT_MOST_BYTES = 65_536


def adopt_orphans() -> None:
    """Have the kernel give this process those of its descendants whose parent ends."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def find_marked_orphans(mark: bytes, parent: int) -> Iterator[int]:
    """Children of `parent` that were started with `mark` (NAME=value) in their environment."""
    for pid in find_children(parent):
        with suppress(OSError), open(f"/proc/{pid}/environ", "rb") as file:
            if mark in file.read(ENVIRONMENT_MOST_BYTES).split(b"\0"):
                yield pid


def is_running(pid: int) -> bool:
    """Whether it is there and not a zombie."""
    try:
        return _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except OSError:
        return False


def read_start(pid: int) -> int | None:
    """When the kernel started it, in its own ticks: with the id, a name used once; None if gone."""
    try:
        return int(_read(f"/proc/{pid}/stat").rpartition(b")")[2].split()[19])
    except OSError:
        return None


def _read(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:
        return file.readall()
