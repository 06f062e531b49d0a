"""What the processes of a server hold, watched while they work."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from processing.memory.status import read_memory
from processing.memory.usage import find_trees

#: A sample costs a tenth of a millisecond.
EVERY_SECONDS = 0.02
STOP_SECONDS = 5.0


@dataclass(kw_only=True)
class Watch:
    """`peak_bytes` is the highest sample so far."""

    roots: Sequence[int]
    peak_bytes: int = 0

    def look(self) -> None:
        """Take one sample."""
        self.peak_bytes = max(self.peak_bytes, read_held_bytes(self.roots))


def read_held_bytes(roots: Sequence[int]) -> int:
    """Anonymous memory and swap of the processes and all that descend from them; no page cache.

    Pages shared since a fork count in each process, so only differences mean something.
    """
    total_bytes = 0
    for pid in find_trees(roots):
        with suppress(OSError):
            total_bytes += read_memory(pid).held_bytes
    return total_bytes


@contextmanager
def watch_memory(roots: Sequence[int]) -> Iterator[Watch]:
    """Sample all along the block."""
    watch, stop = Watch(roots=roots), threading.Event()

    def keep_looking() -> None:
        while not stop.wait(EVERY_SECONDS):
            watch.look()

    watch.look()
    thread = threading.Thread(target=keep_looking, daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        stop.set()
        thread.join(STOP_SECONDS)
