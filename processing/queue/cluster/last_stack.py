"""Where a task is that no longer listens: told by its seat's signal handler in C.

Python's own handlers wait until code in C returns, and a task may catch what they raise. The one of
faulthandler writes down the stack at once. A seat that was asked for it is about to be killed.
"""

from __future__ import annotations

import faulthandler
import os
import re
import signal
import sys
from contextlib import suppress
from pathlib import Path

#: One of the real-time signals, which the C library leaves to programs.
STACK_SIGNAL = signal.SIGRTMIN + 3 if sys.platform == "linux" else signal.SIGUSR1
HAS_STACK = hasattr(os, "memfd_create")
#: The name of the memory that it is written to, as /proc shows it.
NAME = "plimsoll-stack"
#: More than faulthandler ever writes of one thread.
STACK_BYTES = 64 * 1024
FRAME = re.compile(r'^  File "(.*)", line (\d+) in (.*)$', re.MULTILINE)


def offer_stack() -> None:
    """Have this process, a seat, write down its stack when it gets STACK_SIGNAL. Linux only."""
    if HAS_STACK:
        faulthandler.register(STACK_SIGNAL, file=os.memfd_create(NAME), all_threads=False)


def read_stack(pid: int) -> str:
    """What the process has written down, as a traceback; empty where it has not."""
    with suppress(OSError):
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            if NAME in os.readlink(entry):
                with open(entry, "rb", buffering=0) as file:
                    file.seek(0)
                    return _make_traceback(file.read(STACK_BYTES).decode(errors="replace"))
    return ""


def _make_traceback(dump: str) -> str:
    """faulthandler begins with the innermost frame."""
    frames = [
        f'  File "{path}", line {number}, in {function}\n'
        for path, number, function in reversed(FRAME.findall(dump))
    ]
    return "".join(["Traceback (most recent call last):\n", *frames]) if frames else ""
