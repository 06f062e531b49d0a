"""The tasks that the systems run, in the worker's own interpreter.

They write to one file that was opened for appending: it costs every system the same microsecond,
asks nothing of its queue, and can be watched from outside.
"""

from __future__ import annotations

import os
import time
from functools import cache

#: Names the file. It is set for workers and for children that send.
MARKS_VARIABLE = "BENCH_MARKS"

#: What `hold` keeps in memory: a working set such as many tasks have.
HELD_BYTES = 16 * 1024 * 1024

#: A result that every system saves; Huey keeps none for None.
RESULT = 1


@cache
def open_marks() -> int:
    """The file's descriptor; opened once in a process and good in its forked children."""
    return os.open(os.environ[MARKS_VARIABLE], os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def noop() -> int:
    """Leave one byte."""
    os.write(open_marks(), b".")
    return RESULT


def stamp(number: int) -> int:
    """Leave a line: the number, and when this first line of the task ran, in nanoseconds.

    The clock is CLOCK_MONOTONIC, which all processes of a machine share.
    """
    moment = time.monotonic_ns()
    os.write(open_marks(), f"{number} {moment}\n".encode())
    return RESULT


def hold(number: int, seconds: float) -> int:
    """Leave a line as `stamp` does, and keep the seat busy for so long with little CPU."""
    held = bytearray(HELD_BYTES)
    stamp(number)
    time.sleep(seconds)
    return len(held) // HELD_BYTES
