"""Tasks that take more memory than they may, each in a way of its own."""

from __future__ import annotations

import time

KIB = 1024
MIB = 1024 * KIB
WAIT_SECONDS = 60.0
#: Between two pieces, in seconds: where one does not pause, a busy machine may give the profile its
#: first turn when the limit is reached, and it tells where the task is then.
PAUSE_SECONDS = 0.0005


def grow_without_end() -> None:
    data = []
    while True:
        data.append(bytearray(100 * KIB)) or time.sleep(PAUSE_SECONDS)  # grows


def grow_and_catch_everything() -> None:
    data = []
    while True:
        try:
            data.append(bytearray(100 * KIB)) or time.sleep(PAUSE_SECONDS)  # grows and catches
        except BaseException:
            time.sleep(0.001)


def take_at_once(size_bytes: int) -> int:
    return len(bytes(size_bytes))  # takes


def hold(size_bytes: int) -> int:
    """Return the size of what it held until its profiler had a turn, on a busy machine too."""
    data = [bytearray(10 * KIB) for _ in range(size_bytes // (10 * KIB))]  # holds
    time.sleep(1)
    return sum(map(len, data))


def break_off() -> None:
    """Break the task off, as a test does it."""


def hold_and_be_broken_off(size_bytes: int) -> int:
    data = [bytearray(10 * KIB) for _ in range(size_bytes // (10 * KIB))]  # is broken off
    break_off()
    return sum(map(len, data))


def hold_and_fail(size_bytes: int) -> None:
    hold(size_bytes)
    raise ValueError("not of its memory")
