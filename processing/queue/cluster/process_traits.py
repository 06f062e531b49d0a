"""What Linux is told about a process of a cluster."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

#: https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html
PR_SET_PDEATHSIG = 1
#: https://man7.org/linux/man-pages/man2/PR_SET_NAME.2const.html
PR_SET_NAME = 15

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(parent_pid: int) -> None:
    """Have the kernel kill this process when its parent, the process `parent_pid`, ends.

    Elsewhere than on Linux nothing is done; there the end of a socket tells of it.
    """
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:
        os._exit(1)  # it died before we asked


def name_process(name: str) -> None:
    """Have `top` and `ps -o comm` show this name, its first 15 bytes; nothing elsewhere."""
    if _libc is not None:
        _libc.prctl(PR_SET_NAME, name.encode(), 0, 0, 0)
