"""What processes hold: never the page cache, and swap counts as memory.

The costs in the docstrings are the least of 7 times 50 calls by `timeit`, on 2 busy cores with
Linux 6.18, for a process of 60 MB among 124 processes. Only their ratio means something elsewhere.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psutil

from processing.memory.quota import Quota
from processing.memory.units import KIB

PROC = Path("/proc")
HAS_SMAPS = (PROC / "self/smaps_rollup").exists()
#: Linux tells of a thread's children where it is built with CONFIG_PROC_CHILDREN, as most are.
HAS_CHILDREN = (PROC / "thread-self/children").exists()
#: What a control group of version 1 says of anonymous memory and swap, with those below it.
FIRST_VERSION_ANONYMOUS, FIRST_VERSION_SWAP = "total_rss", "total_swap"


def read_anonymous_bytes(pid: int) -> int:
    """Anonymous memory and swap of one process (RssAnon + VmSwap): what it made itself.

    Pages that it shares with its parent since a fork count in both. 0.06 ms.
    Raises OSError for a process that is gone.
    """
    if not HAS_SMAPS:
        return _read_resident_bytes(pid)
    return sum(_read_sizes(pid, "status", (b"RssAnon", b"VmSwap")))


def read_shares(pid: int) -> tuple[int, int]:
    """Memory and swap of one process, each shared page by its part in it (Pss, SwapPss).

    1.2 ms. Raises OSError for a process that is gone. Where there is no smaps_rollup, as on macOS,
    it is the resident set.
    """
    if not HAS_SMAPS:
        return _read_resident_bytes(pid), 0
    return _read_sizes(pid, "smaps_rollup", (b"Pss", b"SwapPss"))


def read_proportional_bytes(pid: int) -> int:
    """Both parts of `read_shares` together."""
    return sum(read_shares(pid))


def find_children(pid: int) -> list[int]:
    """The processes that `pid` started, by any of its threads, or was given; Linux alone tells."""
    children: list[int] = []
    with suppress(OSError):
        for thread in os.listdir(f"{PROC}/{pid}/task"):
            with suppress(OSError):
                children += map(int, _read(f"{PROC}/{pid}/task/{thread}/children").split())
    return children


def find_trees(roots: Iterable[int]) -> list[int]:
    """The roots, the first one first, and all that descends from them; Linux alone tells."""
    found: list[int] = []
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += find_children(pid)
    return found


def find_tree(pid: int) -> list[int]:
    """The process and all that descend from it; 0.05 ms, and 13 ms where psutil must search.

    The kernel may miss a process that starts or ends meanwhile.
    """
    if HAS_CHILDREN:
        return find_trees([pid]) if (PROC / str(pid)).exists() else []
    try:
        return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    except psutil.NoSuchProcess:
        return []


def read_total_bytes(pids: Iterable[int]) -> int:
    """What these processes hold together; those that are gone hold nothing."""
    total_bytes = 0
    for pid in pids:
        with suppress(OSError):
            total_bytes += read_proportional_bytes(pid)
    return total_bytes


def read_cgroup_parts(folder: Path) -> tuple[int, int | None]:
    """Anonymous memory and swap of a whole control group; the swap None where it is not told.

    Raises OSError, KeyError or ValueError for what is no group that counts memory. 0.1 ms.
    """
    stat = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
    if FIRST_VERSION_ANONYMOUS in stat:
        swap = stat.get(FIRST_VERSION_SWAP)
        return int(stat[FIRST_VERSION_ANONYMOUS]), None if swap is None else int(swap)
    swap_bytes = 0
    with suppress(OSError, ValueError):  # not there where swap is not counted
        swap_bytes = int((folder / "memory.swap.current").read_text())
    return int(stat["anon"]), swap_bytes


def read_cgroup_bytes(folder: Path) -> int | None:
    """Anonymous memory and swap of a control group together; None where it does not tell."""
    try:
        anonymous_bytes, swap_bytes = read_cgroup_parts(folder)
    except (OSError, KeyError, ValueError):
        return None
    return None if swap_bytes is None else anonymous_bytes + swap_bytes


def read_usage_bytes(quota: Quota, pids: Iterable[int]) -> int:
    """What counts against the quota: of its control group where that tells, else of `pids`."""
    if quota.cgroup is not None:
        used_bytes = read_cgroup_bytes(quota.cgroup)
        if used_bytes is not None:
            return used_bytes
    return read_total_bytes(pids)


def _read_sizes(pid: int, file: str, names: tuple[bytes, bytes]) -> tuple[int, int]:
    """These two lines, which are in kB, of a file of /proc/PID, in bytes; 0 for one without."""
    fields = dict.fromkeys(names, 0)
    for line in _read(f"{PROC}/{pid}/{file}").splitlines():
        name, _, value = line.partition(b":")
        if name in fields:
            fields[name] = int(value.split()[0]) * KIB
    return fields[names[0]], fields[names[1]]


def _read(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:
        return file.readall()


def _read_resident_bytes(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error as error:
        raise ProcessLookupError(pid) from error
