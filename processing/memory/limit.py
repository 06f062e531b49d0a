"""The kernel's part of a task's limit: it refuses an allocation that would go far over it.

RLIMIT_DATA counts address space, filled or not, and libraries take far more of that than they fill
(`import numpy`: 83 MB for 9 MB). So it is never the limit itself, but what is left of the limit and
BURST_BYTES above what the process has at that moment, set anew as the task grows. A burst between
two looks then ends in a MemoryError at the line that asked for it, in C code too.
"""

from __future__ import annotations

import errno
import os
import resource
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from processing.memory.sizes import BURST_BYTES, LAST_BYTES, THREAD_STACK_BYTES
from processing.memory.status import ProcessMemory, read_memory, read_shrunk_bytes

HAS_LIMIT = sys.platform == "linux"
#: How far the causes of an exception are followed.
CAUSES_MOST = 10


def set_burst_limit(pid: int, *, filled_bytes: int, idle_bytes: int, left_bytes: int) -> None:
    """Let a process that has `filled_bytes` fill `left_bytes` and BURST_BYTES more.

    Address space of `idle_bytes`, which it does not fill, comes on top of that. One that is over
    its limit, with less than nothing left, gets LAST_BYTES: it is to end, and whatever it goes on
    with ends by itself. `pid` 0 is this process. One that is gone, or not ours, is let be.
    """
    if HAS_LIMIT:
        more_bytes = left_bytes + BURST_BYTES if left_bytes >= 0 else LAST_BYTES
        _set_limit(pid, filled_bytes + idle_bytes + more_bytes)


@contextmanager
def widen_burst_limit(more_bytes: int) -> Iterator[None]:
    """Let this process take so much more inside, and behind it what it might have taken before."""
    soft_bytes, _ = resource.getrlimit(resource.RLIMIT_DATA)
    if not HAS_LIMIT or soft_bytes == resource.RLIM_INFINITY:
        yield
        return
    before_bytes = read_memory(os.getpid()).data_bytes
    _set_limit(0, max(soft_bytes, before_bytes + more_bytes))
    try:
        yield
    finally:
        grown_bytes = read_memory(os.getpid()).data_bytes - before_bytes
        _set_limit(0, soft_bytes + max(0, grown_bytes))


def lift_burst_limit() -> None:
    """Let this process take what it wants."""
    if HAS_LIMIT:
        _set_limit(0, resource.RLIM_INFINITY)


def begin_limit(limit_bytes: int, memory: ProcessMemory) -> None:
    """Limit what this process, which has `memory` already, may add from now on."""
    set_burst_limit(
        0,
        filled_bytes=memory.anonymous_bytes,
        idle_bytes=memory.unfilled_bytes,
        left_bytes=limit_bytes,
    )


def is_refusal(error: BaseException) -> bool:
    """Whether an exception of this process, or one that led to it, says that memory was refused.

    To be asked while the limit is still there: a thread is refused for other reasons too.
    """
    followed: BaseException | None = error
    for _ in range(CAUSES_MOST):
        if followed is None:
            return False
        if isinstance(followed, MemoryError) or _is_memory_missing(followed):
            return True
        hides_context = followed.__suppress_context__
        followed = followed.__cause__ or (None if hides_context else followed.__context__)
    return False


def _is_memory_missing(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, RuntimeError) and "start new thread" in str(error) and _is_at_limit()


def _is_at_limit() -> bool:
    """Whether there was no room for the stack of another thread when this process was largest.

    The threads that it could start may have ended since.
    """
    if not HAS_LIMIT:
        return False
    pid = os.getpid()
    soft_bytes, _ = resource.getrlimit(resource.RLIMIT_DATA)
    room_bytes = soft_bytes - read_memory(pid).data_bytes - read_shrunk_bytes(pid)
    wanted_bytes = (threading.stack_size() or THREAD_STACK_BYTES) + THREAD_STACK_BYTES
    return soft_bytes != resource.RLIM_INFINITY and room_bytes < wanted_bytes


def _set_limit(pid: int, wanted_bytes: int) -> None:
    with suppress(OSError):
        _, hard_bytes = resource.prlimit(pid, resource.RLIMIT_DATA)
        unlimited = resource.RLIM_INFINITY
        is_allowed = hard_bytes == unlimited or unlimited != wanted_bytes < hard_bytes
        soft_bytes = wanted_bytes if is_allowed else hard_bytes
        resource.prlimit(pid, resource.RLIMIT_DATA, (soft_bytes, hard_bytes))
