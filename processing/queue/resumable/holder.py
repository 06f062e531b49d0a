"""Who holds an upload: one request in one process, named so that its death can be seen."""

from __future__ import annotations

import itertools
import os
import socket
from functools import cache

from processing.queue.cluster_name import HOST_MOST_CHARACTERS, find_space, read_birth

_numbers = itertools.count(1)


def make_holder() -> str:
    """A name for one request of this process, which no other has: 100 characters at most."""
    return f"{_name_process(os.getpid())}:{next(_numbers)}"


def is_dead(holder: str) -> bool:
    """Whether the process of `holder` has ended, as far as this one can see.

    It cannot look into another machine or container: there the lease decides.
    """
    try:
        host, space, pid, born, _ = holder.rsplit(":", 4)
        if (host, space) != (_find_host(), find_space()):
            return False
        return read_birth(int(pid)) != born
    except ValueError:
        return False


@cache
def _name_process(pid: int) -> str:
    return f"{_find_host()}:{find_space()}:{pid}:{read_birth(pid)}"


# Long after its parent has ended, a child may get the id of an ancestor.
os.register_at_fork(after_in_child=_name_process.cache_clear)


def _find_host() -> str:
    return socket.gethostname()[:HOST_MOST_CHARACTERS]
