"""Whether a task has left processes or threads behind: what they take would count for the next."""

from __future__ import annotations

import logging
import os
import time

from processing.memory.usage import HAS_CHILDREN, PROC, open_children

logger = logging.getLogger(__name__)

#: A thread that was joined, or a child that is about to end, is gone so soon, in seconds: in 1 of
#: 100 joins the kernel still counts the thread.
SETTLE_SECONDS = 0.05
#: It is looked at again so often meanwhile, in seconds.
LOOK_SECONDS = 0.002
#: Room for the ids of more children than it takes to see that there are some.
CHILDREN_BYTES = 4096


class Leftovers:
    """Of this process, from now on. Its two files stay open: a look takes 2 microseconds.

    Nothing is seen where the kernel does not tell of a thread's children.
    """

    def __init__(self) -> None:
        self._files: tuple[int, int] | None = None
        if HAS_CHILDREN:
            pid = os.getpid()
            self._files = open_children(pid), os.open(f"{PROC}/{pid}/task", os.O_RDONLY)
        self._children, self._links = self._read()

    def are_there(self) -> bool:
        """Whether there is more than there was at the start, and it does not end by itself."""
        if not self._is_more():
            return False
        deadline = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
            if not self._is_more():
                return False
        logger.info("a task left a process or a thread behind: its seat makes way for a new one")
        return True

    def _is_more(self) -> bool:
        """A task that closed our files leaves who knows what."""
        try:
            children, links = self._read()
        except OSError:
            return True
        return links > self._links or not children <= self._children

    def _read(self) -> tuple[frozenset[bytes], int]:
        """The children of the first thread, who inherits those of others, and a count of threads.

        The kernel adds the threads to the links of their folder (proc_task_getattr in its
        fs/proc/base.c).
        """
        if self._files is None:
            return frozenset(), 0
        children, threads = self._files
        ids = os.pread(children, CHILDREN_BYTES, 0)
        return frozenset(ids.split()), os.fstat(threads).st_nlink
