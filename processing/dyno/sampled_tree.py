"""A dyno without a cgroup: its process tree, read from /proc.

The proportional set size (PSS) is what a tree holds, but reading it takes some milliseconds for
each process, so it is read every `exact_seconds` alone. In between each process is taken to have
grown as its anonymous memory has, which is some 25 times cheaper to read. A process that is new
holds what it grew since it was seen first, for most of the rest is shared with its parent. When
usage may have crossed quota or threshold, the PSS is read to be sure.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

from processing.dyno.boundary import Usage
from processing.dyno.process_tree import find_marked_orphans
from processing.memory.status import read_anonymous_bytes
from processing.memory.usage import find_trees, read_shares

Held = TypeVar("Held")


class SampledTree:
    """A root process and its descendants, also those whose parent has ended."""

    entrance = ""

    def __init__(self, name: str, *, lines_bytes: tuple[int, ...], exact_seconds: float) -> None:
        self.mark = f"PLIMSOLL_DYNO={os.getpid()}-{name}"
        self._lines_bytes = lines_bytes
        self._exact_seconds = exact_seconds
        self._root: int | None = None
        self._exact = Usage(resident_bytes=0, swap_bytes=0)
        self._exact_at = float("-inf")
        #: For each process, what is to be added to its anonymous memory to make its usage.
        self._offsets: dict[int, int] = {}

    def set_root(self, pid: int) -> None:
        """Start anew with this process."""
        self._root = pid
        self._exact_at = float("-inf")

    def read_usage(self, now: float) -> Usage:
        """The exact usage, or an estimate on the same side of quota and threshold."""
        anonymous = {
            pid: _read_if_there(read_anonymous_bytes, pid, 0) for pid in self.find_processes()
        }
        most = sum(size + self._offsets.get(pid, 0) for pid, size in anonymous.items())
        offsets = {pid: self._offsets.get(pid, -size) for pid, size in anonymous.items()}
        likely = sum(size + offsets[pid] for pid, size in anonymous.items())
        is_due = now - self._exact_at >= self._exact_seconds
        if is_due or self._is_line_before(most) or self._is_line_before(likely):
            self._exact_at = now
            self._exact = self._read_exact_usage(anonymous)
            return self._exact
        self._offsets = offsets
        swap_bytes = self._exact.swap_bytes
        return Usage(resident_bytes=max(likely - swap_bytes, 0), swap_bytes=swap_bytes)

    def find_processes(self) -> list[int]:
        """The root's tree, and the trees of orphans that carry the mark."""
        orphans = set(find_marked_orphans(self.mark.encode(), os.getpid()))
        roots = orphans | ({self._root} if self._root else set())
        return find_trees(roots)

    def take_kernel_kill(self) -> bool:
        """There is no limit that the kernel knows of."""
        return False

    def close(self) -> None:
        """Nothing was made."""

    def _read_exact_usage(self, anonymous: dict[int, int]) -> Usage:
        shares = {pid: _read_if_there(read_shares, pid, (0, 0)) for pid in anonymous}
        self._offsets = {pid: sum(shares[pid]) - size for pid, size in anonymous.items()}
        return Usage(
            resident_bytes=sum(resident for resident, _ in shares.values()),
            swap_bytes=sum(swap for _, swap in shares.values()),
        )

    def _is_line_before(self, guessed_bytes: int) -> bool:
        known_bytes = self._exact.total_bytes
        return any((known_bytes > line) != (guessed_bytes > line) for line in self._lines_bytes)


def _read_if_there(read: Callable[[int], Held], pid: int, nothing: Held) -> Held:
    """What a process holds; one that is gone holds nothing."""
    try:
        return read(pid)
    except OSError:
        return nothing
