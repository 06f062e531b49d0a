"""Whether this web process has been told to stop."""

from __future__ import annotations

from typing import Protocol


class StoppableWorker(Protocol):
    """The part of gunicorn's worker that tells of a stop."""

    alive: bool


class _Worker:
    alive = True


_worker: StoppableWorker = _Worker()


def watch_worker(worker: StoppableWorker) -> None:
    """Take gunicorn's worker as the one to ask; it clears `alive` on SIGTERM."""
    global _worker
    _worker = worker


def is_draining() -> bool:
    """True from the stop signal on: long answers end themselves, probes say so."""
    return not _worker.alive
