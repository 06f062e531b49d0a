"""Imported by a cluster as one of its PROCESSOR_MODULES: starts fail while a file is there.

The files are in the folder of the test, which is in the cluster's environment.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django_q.signals import post_spawn

from tests.queue.survival.keeper import MARK

SEATS_DIE = "seats-die"
NO_PROCESSES = "no-processes"

FOLDER = Path(os.environ[MARK])

_fork = os.fork


def die(sender: Any, **kwargs: Any) -> None:
    """End a seat that has begun."""
    if (FOLDER / SEATS_DIE).exists():
        os._exit(1)


def fork() -> int:
    """Fork, unless there are enough processes."""
    if (FOLDER / NO_PROCESSES).exists():
        raise BlockingIOError("Resource temporarily unavailable")
    return _fork()


post_spawn.connect(die, dispatch_uid="survival.die")
os.fork = fork
