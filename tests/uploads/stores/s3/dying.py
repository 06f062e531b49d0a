"""A process that is killed at a certain request to the bucket."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from processing.uploads.store import get_store

#: More requests than any of the tests sends.
MOST_REQUESTS = 100


def die_everywhere(prepare: Callable[[], None], act: Callable[[], None]) -> Iterator[str]:
    """Yield after each of its deaths: `act` is begun again and again, after `prepare`, and killed
    just before it sends its first request, its second and so on, until it comes to its end.

    It dies by SIGKILL, in a process of its own.
    """
    for number in count(1):
        assert number < MOST_REQUESTS
        prepare()
        if not dies(act, number):
            return
        yield f"killed before request {number}"


def dies(act: Callable[[], None], number: int) -> bool:
    """Whether `act` came so far as to be killed."""
    pid = os.fork()
    if pid == 0:
        try:
            _arrange_death(number)
            act()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.waitstatus_to_exitcode(status) == 0
    return False


def _arrange_death(number: int) -> None:
    client = get_client()
    client.close()  # its connections are the parent's too
    requests = count(1)

    def die_at_last(**_: Any) -> None:
        if next(requests) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    client.meta.events.register("before-send.s3", die_at_last)


def get_client() -> Any:
    """The store's own client."""
    return get_store().connection.meta.client  # type: ignore[attr-defined]
