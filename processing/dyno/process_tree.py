"""Processes as the kernel shows them: who belongs to a dyno, and whether it still runs."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from processing.memory.usage import find_children

#: https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html
PR_SET_CHILD_SUBREAPER = 36

#: The end of what is read of one process's environment, in bytes; our mark is among the first.
ENVIRONMENT_MOST_BYTES = 65_536


def adopt_orphans() -> None:
    """Have the kernel give this process those of its descendants whose parent ends.

    Linux alone can; elsewhere they are lost to us.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "prctl") and libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def find_marked_orphans(mark: bytes, parent: int) -> Iterator[int]:
    """Children of `parent` that were started with `mark` (NAME=value) in their environment."""
    for pid in find_children(parent):
        with suppress(OSError), open(f"/proc/{pid}/environ", "rb") as file:
            if mark in file.read(ENVIRONMENT_MOST_BYTES).split(b"\0"):
                yield pid


def is_running(pid: int) -> bool:
    """Whether it is there and not a zombie."""
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    return False


def read_start(pid: int) -> int | None:
    """When the kernel started it, in its own ticks: with the id, a name used once; None if gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    return int(stat.rpartition(b")")[2].split()[19])
