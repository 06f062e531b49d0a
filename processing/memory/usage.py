"""What processes hold: never the page cache, and swap counts as memory.

The costs in the docstrings are the least of 7 times 50 calls by `timeit`, on 2 busy cores with
Linux 6.18, for a process of 60 MB among 124 processes. Only their ratio means something elsewhere.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

import psutil

from processing.memory.quota import Quota
from processing.memory.status import read_memory
from processing.memory.units import KIB

PROC = Path("/proc")
HAS_SMAPS = (PROC / "self/smaps_rollup").exists()
#: Linux tells of a thread's children where it is built with CONFIG_PROC_CHILDREN, as most are.
HAS_CHILDREN = (PROC / "thread-self/children").exists()
#: What a control group of version 1 says of anonymous memory and swap, with those below it.
FIRST_VERSION_ANONYMOUS, FIRST_VERSION_SWAP = "total_rss", "total_swap"


def read_shares(pid: int) -> tuple[int, int]:
    """Memory and swap of one process, each shared page by its part in it (Pss, SwapPss).

    1.2 ms. Raises OSError for a process that is gone. Where there is no smaps_rollup, as on macOS,
    it is the resident set.
    """
    if not HAS_SMAPS:
        return read_memory(pid).held_bytes, 0
    sizes = read_rollup(pid)
    return sizes[b"Pss"], sizes[b"SwapPss"]


def read_rollup(pid: int) -> dict[bytes, int]:
    """The lines of smaps_rollup in bytes, 0 for those that are not there. Raises OSError."""
    sizes: dict[bytes, int] = defaultdict(int)
    for line in _read(f"{PROC}/{pid}/smaps_rollup").splitlines()[1:]:
        name, _, value = line.partition(b":")
        sizes[name] = int(value.split()[0]) * KIB
    return sizes


def read_proportional_bytes(pid: int) -> int:
    """Both parts of `read_shares` together."""
    return sum(read_shares(pid))


def find_children(pid: int) -> list[int]:
    """The processes that `pid` started, by any of its threads, or was given."""
    if not HAS_CHILDREN:
        return _search_children(pid, recursive=False)
    children: list[int] = []
    with suppress(OSError):
        for thread in os.listdir(f"{PROC}/{pid}/task"):
            with suppress(OSError):
                children += map(int, _read(f"{PROC}/{pid}/task/{thread}/children").split())
    return children


def open_children(pid: int) -> int:
    """A descriptor of the ids of what the first thread of `pid` started: empty without any.

    Raises FileNotFoundError where the kernel does not tell.
    """
    return os.open(f"{PROC}/{pid}/task/{pid}/children", os.O_RDONLY)


def find_trees(roots: Collection[int]) -> list[int]:
    """The roots, the first one first, and all that descends from them."""
    if not HAS_CHILDREN:  # one search for each root, not one for each process
        below = [pid for root in roots for pid in _search_children(root, recursive=True)]
        return list(dict.fromkeys([*roots, *below]))
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
    is_there = (PROC / str(pid)).exists() if HAS_CHILDREN else psutil.pid_exists(pid)
    return find_trees([pid]) if is_there else []


def read_each(pids: Iterable[int]) -> dict[int, int]:
    """What each of these processes holds, in bytes; those that are gone are left out."""
    sizes: dict[int, int] = {}
    for pid in pids:
        with suppress(OSError):
            sizes[pid] = read_proportional_bytes(pid)
    return sizes


def read_total_bytes(pids: Iterable[int]) -> int:
    """What these processes hold together; those that are gone hold nothing."""
    return sum(read_each(pids).values())


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
    used_bytes = read_group_usage(quota)
    return read_total_bytes(pids) if used_bytes is None else used_bytes


def read_group_usage(quota: Quota) -> int | None:
    """What all in the quota's control group use; None where it has none, or that does not tell."""
    return None if quota.cgroup is None else read_cgroup_bytes(quota.cgroup)


def _read(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:
        return file.readall()


def _search_children(pid: int, *, recursive: bool) -> list[int]:
    with suppress(psutil.NoSuchProcess):
        return [child.pid for child in psutil.Process(pid).children(recursive=recursive)]
    return []
