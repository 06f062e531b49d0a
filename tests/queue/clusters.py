"""Names of clusters whose first process is a real one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from processing.queue.cluster_name import ClusterName, find_space, read_birth

#: It ends with whoever holds the other end of its standard input.
WAIT = "import sys; sys.stdin.read()"


@contextmanager
def run_first_process() -> Iterator[subprocess.Popen[bytes]]:
    """A process that lives until it is killed or the block ends."""
    process = subprocess.Popen([sys.executable, "-c", WAIT], stdin=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def name_cluster(pid: int, *, generation: int = 1, space: str = "") -> ClusterName:
    """The name of a cluster of this machine with the living process `pid` as its first."""
    return ClusterName(
        host="host",
        space=space or find_space(),
        pid=pid,
        born=read_birth(pid),
        generation=generation,
    )
