"""What a supervisor would see of a wake-up."""

from __future__ import annotations

import select
import time
from contextlib import suppress

from processing.queue.cluster.wakeup import Wakeup

#: How long a sign may take on a loaded machine.
SIGN_SECONDS = 10.0


class Clock:
    """A clock that stands still until it is moved: with it no poll is due by itself."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def is_readable(wakeup: Wakeup, seconds: float = SIGN_SECONDS) -> bool:
    """Whether the descriptor becomes readable within `seconds`."""
    return bool(select.select([wakeup.fileno()], [], [], seconds)[0])


def wait_for_change(wakeup: Wakeup) -> None:
    """Sleep and ask as a supervisor does until the queue has changed; fail when it does not."""
    deadline = time.monotonic() + SIGN_SECONDS
    while not wakeup.has_changed():
        assert time.monotonic() < deadline, "no change was seen"
        is_readable(wakeup, wakeup.poll_seconds(idle_seconds=60))


def wait_for_error(wakeup: Wakeup, expected: type[Exception]) -> None:
    """Ask whenever the descriptor is readable until that raises; fail when it does not."""
    deadline = time.monotonic() + SIGN_SECONDS
    with suppress(expected):
        while is_readable(wakeup):
            wakeup.has_changed()
            assert time.monotonic() < deadline, "no error was raised"
        raise AssertionError("the descriptor is not readable any more")


def ask_until_quiet(wakeup: Wakeup) -> None:
    """Take the answers that are yes, as the first one is."""
    for _ in range(10):
        if not wakeup.has_changed():
            return
    raise AssertionError("the queue changes all the time")
