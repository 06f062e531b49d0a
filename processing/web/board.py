"""A page of memory that gunicorn's master shares with the processes that it forks."""

from __future__ import annotations

import ctypes
import mmap


class Board(ctypes.Structure):
    """What is known once for all processes of a web; 0 for what is not known yet.

    Each field is eight bytes and written at once. Times are of the monotonic clock, in seconds,
    which is the same in every process.
    """

    #: What counts against the quota, as it was read last, and when it is to be read again.
    used_bytes: int
    look_due_at: float
    #: Whether new work is refused because of it: 0 or 1.
    is_refusing: int
    #: The process that asks to be replaced, the one that is replaced now, and since when.
    asking_pid: int
    leaving_pid: int
    leaving_since: float
    #: The process that began after the master last let one go.
    newcomer_pid: int
    #: When the next sample of the master is due; one of its processes takes it.
    master_sample_due_at: float

    _fields_ = (
        ("used_bytes", ctypes.c_uint64),
        ("look_due_at", ctypes.c_double),
        ("is_refusing", ctypes.c_uint64),
        ("asking_pid", ctypes.c_uint64),
        ("leaving_pid", ctypes.c_uint64),
        ("leaving_since", ctypes.c_double),
        ("newcomer_pid", ctypes.c_uint64),
        ("master_sample_due_at", ctypes.c_double),
    )


def make_board() -> Board:
    """A page that whoever is forked from now on shares with us."""
    return Board.from_buffer(mmap.mmap(-1, ctypes.sizeof(Board)))


#: Made when the master loads the application.
board = make_board()
