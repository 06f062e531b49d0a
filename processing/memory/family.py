"""What a process and its children hold, read many times a second."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress

from processing.memory.sharing import find_counted, is_twin, read_sharing
from processing.memory.status import (
    ProcessMemory,
    open_statm,
    open_status,
    read_memory,
    read_status,
)
from processing.memory.usage import HAS_CHILDREN, find_tree, open_children

#: A forked child shares its parent's pages until it writes to them. What it shares is read so
#: often, in seconds, and whenever it matters: such a reading takes 1 ms, the others 0.02.
SHARED_SECONDS = 1.0
#: What stays the same for so long, in seconds, is not looked at closer: by then it is known what is
#: a reserve (memory/unfilled.py).
QUIET_SECONDS = 1.0
QUICK_BYTES = 256
#: Where the kernel does not tell a process's children, all processes are searched for them: so
#: often, in seconds, for it takes 13 ms.
SEARCH_SECONDS = 1.0
#: A child that is about to start a program has its parent's very memory until then. One that looks
#: so is not counted for so long, in seconds: on a busy machine it waits for its turn.
TWIN_SECONDS = 1.0

#: Descriptors of a process's status, its sizes in pages, and what its first thread started.
Files = tuple[int, int, int]


class Family:
    """A process, `pid`, with all that descend from it. To be closed. Raises OSError when it's gone.

    On Linux its files stay open: a look at a process without children takes 0.01 ms then.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.members: dict[int, ProcessMemory] = {}
        self._seen_at: dict[int, float] = {}
        self._descendants: list[int] = []
        self._searched_at = float("-inf")
        self._shared: dict[int, int] = {}
        self._shared_read_at = float("-inf")
        self._quick_look: tuple[bytes, bytes] | None = None
        self._changed_at = float("-inf")
        self._files: Files | None = None
        if HAS_CHILDREN:
            self._files = _open_files(pid)

    def close(self) -> None:
        """Let go of its files."""
        for descriptor in self._files or ():
            os.close(descriptor)
        self._files = None

    def is_quiet(self, now: float) -> bool:
        """Whether there is no child, and nothing has changed for QUIET_SECONDS; 0.005 ms.

        Raises OSError when `pid` is gone. Where its files are not open it is never quiet.
        """
        if self._files is None:
            return False
        statm, children = (os.pread(file, QUICK_BYTES, 0) for file in self._files[1:])
        if children or (statm, children) != self._quick_look:
            self._quick_look, self._changed_at = (statm, children), now
        return now >= self._changed_at + QUIET_SECONDS

    def read(self, now: float, *, base_bytes: int, limit_bytes: int) -> int:
        """How much more than `base_bytes` they hold now; an estimate while below `limit_bytes`.

        `members` are what was read, by process id. Raises OSError when `pid` is gone.
        """
        self.members = dict(self._read_members(now))
        self._seen_at = {pid: self._seen_at.get(pid, now) for pid in self.members}
        children = {pid for pid in self.members if self._is_counted(pid, now)}
        is_due = now >= self._shared_read_at + SHARED_SECONDS or not children <= self._shared.keys()
        self._shared = {pid: self._shared.get(pid, 0) for pid in children}
        grown_bytes = self._sum() - base_bytes
        if children and (is_due or grown_bytes > limit_bytes):
            self._shared_read_at = now
            self._shared = dict(self._read_shared())
            grown_bytes = self._sum() - base_bytes
        return max(0, grown_bytes)

    def _is_counted(self, pid: int, now: float) -> bool:
        """Whether it is a child with a memory of its own."""
        if pid == self.pid or now >= self._seen_at[pid] + TWIN_SECONDS:
            return pid != self.pid
        others = (self.members[other] for other in self.members if other != pid)
        return not any(is_twin(self.members[pid], other) for other in others)

    def _sum(self) -> int:
        """What the process itself holds, and of what its children hold their part."""
        own_bytes = self.members[self.pid].held_bytes
        children = (self.members[pid].held_bytes - shared for pid, shared in self._shared.items())
        return own_bytes + sum(children)

    def _read_members(self, now: float) -> Iterator[tuple[int, ProcessMemory]]:
        own = read_memory(self.pid) if self._files is None else read_status(self._files[0])
        yield self.pid, own
        if self._files is not None and own.thread_count == 1 and not os.pread(self._files[2], 1, 0):
            return
        if HAS_CHILDREN or now >= self._searched_at + SEARCH_SECONDS:
            self._searched_at = now
            self._descendants = find_tree(self.pid)[1:]
        for pid in self._descendants:
            with suppress(OSError):
                yield pid, read_memory(pid)

    def _read_shared(self) -> Iterator[tuple[int, int]]:
        children = {}
        for pid in self._shared:
            with suppress(OSError):
                children[pid] = read_sharing(pid)
        own_bytes = self.members[self.pid].held_bytes
        counted = find_counted(read_sharing(self.pid), own_bytes, children)
        for pid, counted_bytes in counted.items():
            yield pid, max(0, self.members[pid].held_bytes - counted_bytes)


def _open_files(pid: int) -> Files:
    opened: list[int] = []
    try:
        for open_file in (open_status, open_statm, open_children):
            opened.append(open_file(pid))
    except OSError:
        for descriptor in opened:
            os.close(descriptor)
        raise
    status, statm, children = opened
    return status, statm, children
