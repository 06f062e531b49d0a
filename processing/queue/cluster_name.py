"""What a cluster is called in the database: enough to tell whether it still lives."""

from __future__ import annotations

import hashlib
import os
import socket
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

import psutil

#: The name goes into a column of 100 characters.
HOST_MOST_CHARACTERS = 40
#: A process that only waits for its parent to look at its exit status.
ENDED_STATES = ("Z", "X")


@dataclass(frozen=True, kw_only=True)
class ClusterName:
    """One supervisor of one cluster.

    `space` stands for the machine, its boot and its process ids: two containers with the same host
    name differ in it. `generation` counts the supervisors that the cluster has had.
    """

    host: str
    space: str
    pid: int
    born: str
    generation: int

    def __str__(self) -> str:
        return f"{self.host}:{self.space}:{self.pid}:{self.born}:{self.generation}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The name that `str()` wrote. Raises ValueError for anything else."""
        host, space, pid, born, generation = text.rsplit(":", 4)
        return cls(host=host, space=space, pid=int(pid), born=born, generation=int(generation))

    @classmethod
    def of_this_process(cls, generation: int) -> Self:
        """The name for a cluster whose first process is this one."""
        return cls(
            host=socket.gethostname()[:HOST_MOST_CHARACTERS],
            space=find_space(),
            pid=os.getpid(),
            born=read_birth(os.getpid()),
            generation=generation,
        )

    def is_dead(self, living: ClusterName) -> bool:
        """Whether, as far as `living` can see, nobody works in this name any more.

        Of a cluster on another machine it sees nothing; its leases tell.
        """
        if self.space != living.space:
            return False
        if (self.pid, self.born) == (living.pid, living.born):
            return self.generation < living.generation
        return read_birth(self.pid) != self.born


@cache
def find_space() -> str:
    """A short text that is the same just for processes that see each other's process ids."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()
        space = f"{boot}{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:  # not Linux: no two machines with one name and one start
        space = f"{socket.gethostname()}{psutil.boot_time()}"
    return hashlib.sha256(space.encode()).hexdigest()[:12]


def read_birth(pid: int) -> str:
    """When a process started; empty for one that has ended. With its id no other process has it.

    On Linux in ticks since the boot, which no change of the clock moves: field 22 of
    https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    """
    try:
        if sys.platform != "linux":
            return f"{psutil.Process(pid).create_time():.2f}"
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, psutil.Error):
        return ""
    return "" if fields[0] in ENDED_STATES else fields[19]
