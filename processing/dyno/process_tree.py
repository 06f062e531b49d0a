"""Processes as /proc shows them: who belongs to a dyno, and what each of them holds."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress

#: https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html
PR_SET_CHILD_SUBREAPER = 36

KIB = 1024
#: The end of what is read of one process's environment, in bytes; our mark is among the first.
ENVIRONMENT_MOST_BYTES = 65_536


def adopt_orphans() -> None:
    """Have the kernel give this process those of its descendants whose parent ends."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def find_children(pid: int) -> list[int]:
    """The processes that `pid` started, by any of its threads, or was given."""
    children: list[int] = []
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with suppress(OSError):
                children.extend(map(int, _read(f"/proc/{pid}/task/{thread}/children").split()))
    return children


def find_tree(roots: Iterable[int]) -> list[int]:
    """The roots and all that descends from them."""
    found: list[int] = []
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting.extend(find_children(pid))
    return found


def find_marked_orphans(mark: bytes, parent: int) -> Iterator[int]:
    """Children of `parent` that were started with `mark` (NAME=value) in their environment."""
    for pid in find_children(parent):
        with suppress(OSError), open(f"/proc/{pid}/environ", "rb") as file:
            if mark in file.read(ENVIRONMENT_MOST_BYTES).split(b"\0"):
                yield pid


def read_anonymous_bytes(pid: int) -> int:
    """RssAnon + VmSwap, shared copies counted in full; 0 for a process that is gone."""
    return sum(_read_fields(f"/proc/{pid}/status", {b"RssAnon", b"VmSwap"}).values())


def read_shares(pid: int) -> tuple[int, int]:
    """The proportional set size of a process and its swap, in bytes."""
    fields = _read_fields(f"/proc/{pid}/smaps_rollup", {b"Pss", b"SwapPss"})
    return fields.get(b"Pss", 0), fields.get(b"SwapPss", 0)


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


def _read_fields(path: str, names: set[bytes]) -> dict[bytes, int]:
    fields: dict[bytes, int] = {}
    with suppress(OSError):
        for line in _read(path).splitlines():
            name, _, value = line.partition(b":")
            if name in names:
                fields[name] = int(value.split()[0]) * KIB
    return fields
