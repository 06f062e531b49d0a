"""Tasks as an operator may write them."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

from django_q.tasks import async_task, result

#: A task that waits for a file gives up after this.
WAIT_SECONDS = 30.0
POLL_SECONDS = 0.02


class Counter:
    """Something with methods."""

    def __init__(self, start: int = 0) -> None:
        self.start = start

    def count(self, by: int) -> int:
        return self.start + by

    @classmethod
    def make(cls, start: int) -> int:
        return start


def note(notes: str, text: Any) -> Any:
    """Write down that this ran, and in which process; returns the text."""
    line = {"text": text, "pid": os.getpid(), "parent_pid": os.getppid()}
    with Path(notes).open("a") as lines:
        lines.write(json.dumps(line) + "\n")
    return text


def wait_for_file(path: str) -> str:
    """Return when the file is there."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not Path(path).exists():
        assert time.monotonic() < deadline
        time.sleep(POLL_SECONDS)
    return "came"


def add(*numbers: int, **named: int) -> int:
    return sum(numbers) + sum(named.values())


def give(value: Any) -> Any:
    return value


def name_keywords(**named: Any) -> dict[str, Any]:
    return named


def fail(message: str = "no") -> None:
    raise ValueError(message)


def count_attempts(notes: str) -> int:
    """Note an attempt; returns how many there have been."""
    note(notes, "attempt")
    return Path(notes).read_text().count('"attempt"')


def fail_before(attempt: int, notes: str) -> str:
    """Fail in every attempt before this one."""
    count = count_attempts(notes)
    if count < attempt:
        raise ValueError(f"attempt {count}")
    return f"attempt {count}"


def die_before(attempt: int, notes: str) -> str:
    """End the process in every attempt before this one."""
    count = count_attempts(notes)
    if count < attempt:
        os.kill(os.getpid(), signal.SIGKILL)
    return f"attempt {count}"


def fail_once(notes: str) -> str:
    return fail_before(2, notes)


def die_once(notes: str) -> str:
    return die_before(2, notes)


def note_and_fail(notes: str) -> None:
    fail_before(99, notes)


def note_and_die(notes: str) -> None:
    die_before(99, notes)


def refuse_odd(number: int) -> int:
    if number % 2:
        raise ValueError(f"{number} is odd")
    return number


def succeed_once(notes: str) -> str:
    count = count_attempts(notes)
    if count > 1:
        raise ValueError(f"attempt {count}")
    return f"attempt {count}"


def call_in_seat(notes: str) -> Any:
    """Run another task without the queue."""
    hook = "tests.queue.django_q2.hooks.note_outcome"
    return result(async_task(note, notes, "inner", sync=True, task_name="inner task", hook=hook))


def call_in_seat_and_sleep(notes: str) -> None:
    call_in_seat(notes)
    time.sleep(WAIT_SECONDS)


def note_and_wait(notes: str, text: str) -> str:
    note(notes, text)
    wait_for_file(f"{notes}.go")
    return text


def sleep_once(notes: str) -> str:
    count = count_attempts(notes)
    if count == 1:
        time.sleep(WAIT_SECONDS)
    return f"attempt {count}"
