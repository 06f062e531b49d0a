"""Tasks that have to be ended from outside; each gives up by itself long after that."""

from __future__ import annotations

import asyncio
import ctypes
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import Any

from tests.queue.django_q2.tasks import note

LONG_SECONDS = 60


def sleep(notes: str) -> None:
    note(notes, "began")
    time.sleep(LONG_SECONDS)


def spin(notes: str) -> None:
    note(notes, "began")
    deadline = time.monotonic() + LONG_SECONDS
    while time.monotonic() < deadline:
        pass


def catch_exceptions(notes: str) -> None:
    """Go on behind any error that a task may reasonably go on behind."""
    note(notes, "began")
    for _ in range(LONG_SECONDS):
        with suppress(Exception):
            time.sleep(1)


def await_sleep(notes: str) -> None:
    async def gather() -> None:
        await asyncio.gather(asyncio.sleep(LONG_SECONDS), asyncio.sleep(LONG_SECONDS))

    note(notes, "began")
    asyncio.run(gather())


def wait_for_thread(notes: str) -> None:
    note(notes, "began")
    thread = threading.Thread(target=time.sleep, args=[LONG_SECONDS], daemon=True)
    thread.start()
    thread.join()


def wait_for_program(notes: str) -> None:
    note(notes, "began")
    subprocess.run([sys.executable, "-c", f"import time; time.sleep({LONG_SECONDS})"], check=True)


def catch_everything(notes: str) -> None:
    """Go on whatever comes."""
    note(notes, "began")
    deadline = time.monotonic() + LONG_SECONDS
    while time.monotonic() < deadline:
        with suppress(BaseException):
            time.sleep(1)


def sleep_in_c(notes: str) -> None:
    """Sleep without letting any other thread of the process run; a signal ends this sleep."""
    note(notes, "began")
    ctypes.PyDLL(None).sleep(LONG_SECONDS)


def hold_interpreter(notes: str) -> None:
    """Count in C for minutes, without letting any other code of the process run."""
    note(notes, "began")
    sum(range(10**10))


def take_all_signals(notes: str) -> None:
    """Have handlers of one's own for everything that others may use."""

    def note_signal(number: int, frame: Any) -> None:
        note(notes, "signal")

    for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGTERM, signal.SIGALRM, signal.SIGINT):
        signal.signal(number, note_signal)
    sleep(notes)
