"""What the kernel says at once of one process: what it holds, and what it could still fill."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import psutil

from processing.memory.units import KIB

PROC = Path("/proc")
HAS_STATUS = (PROC / "self" / "statm").exists()
#: Lines in this order, of which only Linux has the first two; see proc_pid_status(5).
STATUS = re.compile(
    rb"\nRssAnon:\s*(\d+) kB.*\nRssShmem:\s*(\d+) kB.*\nVmData:\s*(\d+) kB"
    rb".*\nVmSwap:\s*(\d+) kB.*\nThreads:\s*(\d+)",
    re.DOTALL,
)
#: What every Linux has of them.
LESS = re.compile(rb"\n(VmRSS|VmData):\s*(\d+) kB")
#: The largest size of its address space, and the present one.
EXTENT = re.compile(rb"\nVmPeak:\s*(\d+) kB\nVmSize:\s*(\d+) kB")
#: More than it ever has.
STATUS_BYTES = 8192


@dataclass(frozen=True, kw_only=True)
class ProcessMemory:
    """Of one process, in bytes.

    `anonymous_bytes` is what it made itself, and swap (RssAnon + VmSwap); `shared_bytes` what it
    may have made together with others (RssShmem), which is no file that could be read again. Pages
    that it shares with its parent since a fork count in both. `data_bytes` is the address space for
    anonymous memory, filled or not (VmData): what RLIMIT_DATA limits.
    """

    anonymous_bytes: int
    data_bytes: int
    shared_bytes: int = 0
    thread_count: int = 1

    @property
    def unfilled_bytes(self) -> int:
        """Address space for anonymous memory that has none."""
        return max(0, self.data_bytes - self.anonymous_bytes)

    @property
    def held_bytes(self) -> int:
        """What nobody can take from it: all but the pages of files."""
        return self.anonymous_bytes + self.shared_bytes


def read_memory(pid: int) -> ProcessMemory:
    """Read all of it; 0.03 ms. Raises OSError for a process that is gone.

    Elsewhere than on Linux both sizes are the resident set.
    """
    try:
        descriptor = open_status(pid)
    except FileNotFoundError:
        return _read_resident(pid)
    try:
        return read_status(descriptor)
    finally:
        os.close(descriptor)


def open_status(pid: int) -> int:
    """A descriptor for `read_status`. Raises OSError, FileNotFoundError elsewhere than on Linux."""
    return os.open(f"{PROC}/{pid}/status", os.O_RDONLY)


def open_statm(pid: int) -> int:
    """A descriptor of its sizes in pages, without swap, which are read five times as fast."""
    return os.open(f"{PROC}/{pid}/statm", os.O_RDONLY)


def read_status(descriptor: int) -> ProcessMemory:
    """Read it again; 0.01 ms. Raises ProcessLookupError for a process that is gone."""
    found = STATUS.search(os.pread(descriptor, STATUS_BYTES, 0))
    if found is None:
        return _read_less(os.pread(descriptor, STATUS_BYTES, 0))
    anonymous, shared, data, swap, threads = map(int, found.groups())
    return ProcessMemory(
        anonymous_bytes=(anonymous + swap) * KIB,
        data_bytes=data * KIB,
        shared_bytes=shared * KIB,
        thread_count=threads,
    )


def _read_less(status: bytes) -> ProcessMemory:
    """From a kernel that does not tell memory of one's own from files: Linux before 4.5, gVisor."""
    found = {name: int(kilobytes) * KIB for name, kilobytes in LESS.findall(status)}
    if b"VmRSS" not in found:
        raise ProcessLookupError("it has ended and was not reaped yet")
    resident_bytes = found[b"VmRSS"]
    return ProcessMemory(
        anonymous_bytes=resident_bytes, data_bytes=found.get(b"VmData", resident_bytes)
    )


def read_anonymous_bytes(pid: int) -> int:
    """Anonymous memory and swap of one process. Raises OSError for a process that is gone."""
    return read_memory(pid).anonymous_bytes


def read_held_bytes(pid: int) -> int:
    """The same and shared memory. Raises OSError for a process that is gone."""
    return read_memory(pid).held_bytes


def read_shrunk_bytes(pid: int) -> int:
    """By how much the address space of a process is smaller than it once was. Raises OSError."""
    found = EXTENT.search((PROC / str(pid) / "status").read_bytes())
    if found is None:
        return 0
    peak, size = map(int, found.groups())
    return (peak - size) * KIB


def _read_resident(pid: int) -> ProcessMemory:
    try:
        size_bytes = int(psutil.Process(pid).memory_info().rss)
    except psutil.Error as error:
        raise ProcessLookupError(pid) from error
    return ProcessMemory(anonymous_bytes=size_bytes, data_bytes=size_bytes)
