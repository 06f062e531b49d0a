"""Children of a process, how they begin and are found to have ended; and a process's signals."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

logger = logging.getLogger(__name__)

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def become_child(be_child: Callable[[], int]) -> None:
    """In a new child: forget the template's signals, be what it is to be, and end with that."""
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, *STOP_SIGNALS):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
        status = be_child()
    except BaseException:
        logger.exception("a process of the cluster broke")
    finally:
        os._exit(status)


def peek_ended_child() -> tuple[int, int] | None:
    """The id and the exit status of a child that ended, which stays to be reaped."""
    try:
        info = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return None
    if info is None:
        return None
    has_exited = info.si_code == os.CLD_EXITED
    return info.si_pid, info.si_status if has_exited else -info.si_status


def kill_group(pid: int) -> None:
    """Kill a seat that is not reaped yet, and all that it started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)  # one that had no time to make its group


def listen_to_signals(numbers: Iterable[int]) -> int:
    """Have these signals write their numbers into a pipe, and do nothing else; its reading end."""
    reader, writer = os.pipe()
    for end in (reader, writer):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in numbers:
        signal.signal(number, _leave_to_wakeup)
    return reader


def _leave_to_wakeup(number: int, frame: Any) -> None:
    """A handler must be there for the pipe to be written to."""
