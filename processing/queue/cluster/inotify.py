"""Linux's inotify for one folder: a descriptor that becomes readable when a file in it changes.

https://man7.org/linux/man-pages/man7/inotify.7.html has the names, the numbers are in
https://github.com/torvalds/linux/blob/master/include/uapi/linux/inotify.h
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
from collections.abc import Iterator

IN_MODIFY = 0x002
IN_MOVED_TO = 0x080
IN_CREATE = 0x100
IN_CLOEXEC = os.O_CLOEXEC if sys.platform == "linux" else 0
IN_NONBLOCK = os.O_NONBLOCK

#: struct inotify_event without its name: watch, mask, cookie, bytes of the name.
EVENT = struct.Struct("iIII")
#: Read at once: some 500 events about a database file. What is left keeps the descriptor readable.
READ_BYTES = 16 * 1024
#: What `read_names` says for a file that the kernel did not name.
ANY_FILE = ""

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class FolderWatch:
    """Watches a folder for files that are written to, made, or moved there; not its subfolders."""

    def __init__(self, folder: str) -> None:
        """Begin to watch. Raises OSError where that cannot be, ENOSYS elsewhere than on Linux."""
        if _libc is None:
            raise OSError(errno.ENOSYS, "there is no inotify on this system")
        self._fd = _check(_libc.inotify_init1(IN_CLOEXEC | IN_NONBLOCK))
        try:
            mask = ctypes.c_uint32(IN_MODIFY | IN_CREATE | IN_MOVED_TO)
            _check(_libc.inotify_add_watch(self._fd, os.fsencode(folder), mask))
        except OSError:
            self.close()
            raise

    def fileno(self) -> int:
        """The descriptor, readable while there are names to read."""
        return self._fd

    def read_names(self) -> set[str]:
        """The names of files that changed, at most READ_BYTES of events; empty if none did.

        ANY_FILE is among them when the kernel lost count (its queue of events was full).
        """
        try:
            return set(_parse_names(os.read(self._fd, READ_BYTES)))
        except BlockingIOError:
            return set()

    def close(self) -> None:
        """End the watch."""
        os.close(self._fd)


def _check(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def _parse_names(events: bytes) -> Iterator[str]:
    at = 0
    while at < len(events):
        *_, length = EVENT.unpack_from(events, at)
        at += EVENT.size
        yield os.fsdecode(events[at : at + length].rstrip(b"\0"))
        at += length
