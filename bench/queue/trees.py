"""A tree of processes: who is in it, what it used, and its end."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

import psutil

#: Between SIGTERM and SIGKILL; the slowest peer takes a few seconds to stop.
STOP_SECONDS = 20.0


def list_tree(roots: Iterable[int]) -> list[psutil.Process]:
    """The processes with these ids and all their descendants that are alive."""
    found: dict[int, psutil.Process] = {}
    for pid in roots:
        with suppress(psutil.NoSuchProcess):
            root = psutil.Process(pid)
            for process in [root, *root.children(recursive=True)]:
                if process.status() != psutil.STATUS_ZOMBIE:
                    found[process.pid] = process
    return list(found.values())


def measure_cpu_seconds(processes: Iterable[psutil.Process]) -> dict[tuple[int, float], float]:
    """What each process has used so far, by id and time of start."""
    used = {}
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            used[process.pid, process.create_time()] = times.user + times.system
    return used


def stop_tree(roots: list[int]) -> None:
    """SIGTERM to the roots; after STOP_SECONDS SIGKILL to whatever of their trees is left."""
    members = list_tree(roots)
    for process in members:
        if process.pid in roots:
            with suppress(psutil.NoSuchProcess):
                process.terminate()
    _, left = psutil.wait_procs(members, timeout=STOP_SECONDS)
    kill(left)


def kill_descendants() -> None:
    """SIGKILL to every process that this one started, directly or not."""
    kill(psutil.Process().children(recursive=True))


def kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(processes, timeout=STOP_SECONDS)
