"""Watching what the processes of a service hold."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

SAMPLE_EVERY_SECONDS = 0.1


class MemoryWatch:
    """The proportional set size of process trees by name, in bytes: at first, and at most."""

    def __init__(self, roots: dict[str, int]) -> None:
        self._roots = roots
        self.idle_bytes = self._measure()
        self.peak_bytes = dict(self.idle_bytes)

    @property
    def grown_bytes(self) -> dict[str, int]:
        """How far the peak went above the first measurement."""
        return {name: self.peak_bytes[name] - self.idle_bytes[name] for name in self._roots}

    def sample(self) -> None:
        for name, held in self._measure().items():
            self.peak_bytes[name] = max(self.peak_bytes[name], held)

    def _measure(self) -> dict[str, int]:
        return {name: measure_tree(root) for name, root in self._roots.items()}


@contextmanager
def watch_memory(**roots: int) -> Iterator[MemoryWatch]:
    """Sample the trees below the given process ids while the block runs."""
    watch = MemoryWatch(roots)
    stop = threading.Event()

    def sample_until_stop() -> None:
        while not stop.wait(SAMPLE_EVERY_SECONDS):
            watch.sample()

    thread = threading.Thread(target=sample_until_stop)
    thread.start()
    try:
        yield watch
    finally:
        stop.set()
        thread.join()


def measure_tree(root: int) -> int:
    """The proportional set size of a process and its descendants, in bytes."""
    held = 0
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(root)
        for member in [process, *process.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                held += member.memory_full_info().pss
    return held
