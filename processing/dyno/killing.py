"""Ending processes that may start others while they are being ended."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from processing.dyno.process_tree import is_running

#: How long the kernel may take to end processes after SIGKILL, in seconds.
KILL_SECONDS = 10.0
KILL_POLL_SECONDS = 0.005


def signal_all(pids: Iterable[int], number: signal.Signals) -> None:
    """Send a signal to each; one that is gone has no need of it."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def kill_all(find_processes: Callable[[], Iterable[int]]) -> None:
    """SIGKILL until none is left that runs, for KILL_SECONDS at most."""
    deadline = time.monotonic() + KILL_SECONDS
    while pids := [pid for pid in find_processes() if is_running(pid)]:
        signal_all(pids, signal.SIGKILL)
        if time.monotonic() > deadline:
            return
        time.sleep(KILL_POLL_SECONDS)


def reap_strangers(own: set[int]) -> None:
    """Reap the orphans that were given to this process; `own` are reaped by who started them."""
    while hasattr(os, "waitid"):  # macOS lacks it, and gives no orphans
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if ended is None or ended.si_pid in own:
            return
        os.waitpid(ended.si_pid, 0)
