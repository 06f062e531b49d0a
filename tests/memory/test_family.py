"""What a process adds, and what its children add to that."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from processing.memory import usage
from processing.memory.family import QUIET_SECONDS, TWIN_SECONDS, Family
from processing.memory.status import read_memory
from processing.memory.units import MIB

pytestmark = pytest.mark.skipif(not usage.HAS_CHILDREN, reason="only Linux tells of children")

#: Holds 64 MB; at a word it forks, starts a program, or fills memory, and tells the child's id.
PARENT = """
import os, signal, subprocess, sys
held, more = bytearray(b"x" * (64 << 20)), []
for word in sys.stdin:
    pid = 0
    match word.split():
        case ["fork", count]:
            reading, writing = os.pipe()
            if not (pid := os.fork()):
                for start in range(0, int(count) << 20, 4096):
                    held[start] = 1
                os.write(writing, b"x")
                signal.pause()
            os.read(reading, 1)
        case ["program", count]:
            code = f"import signal; held = b'x' * ({count} << 20); print(1, flush=True)"
            code += "; signal.pause()"
            child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
            child.stdout.readline()
            pid = child.pid
        case ["fill", count]:
            more.append(b"x" * (int(count) << 20))
    print(pid, flush=True)
"""


class Parent:
    """The process, and its family as we see it, from the beginning."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.tell("fill 0")
        self.family = Family(process.pid)
        self.base_bytes = read_memory(process.pid).held_bytes

    def tell(self, word: str) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(word, file=self.process.stdin, flush=True)
        return int(self.process.stdout.readline())

    def read_megabytes(self, now: float, *, limit_mb: int = 1000) -> int:
        limit_bytes = limit_mb * MIB
        return self.family.read(now, base_bytes=self.base_bytes, limit_bytes=limit_bytes) // MIB


@contextmanager
def run_parent() -> Iterator[Parent]:
    command = [sys.executable, "-c", PARENT]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, start_new_session=True, **pipes) as process:  # type: ignore[call-overload]
        parent = Parent(process)
        try:
            yield parent
        finally:
            subprocess.run(["pkill", "-KILL", "-s", str(process.pid)], check=False)


@pytest.fixture
def parent() -> Iterator[Parent]:
    with run_parent() as parent, closing(parent.family):
        yield parent


def test_what_it_held_before_does_not_count(parent: Parent) -> None:
    assert parent.read_megabytes(0.0) <= 1
    parent.tell("fill 30")
    assert 30 <= parent.read_megabytes(0.05) <= 32


def test_a_forked_child_counts_with_what_it_does_not_share(parent: Parent) -> None:
    pid = parent.tell("fork 0")
    parent.read_megabytes(0.0)
    assert set(parent.family.members) == {parent.process.pid, pid}
    assert parent.read_megabytes(TWIN_SECONDS) <= 5
    parent.tell("fork 40")
    parent.read_megabytes(2 * TWIN_SECONDS)
    assert 40 <= parent.read_megabytes(3 * TWIN_SECONDS) <= 45


def test_what_all_share_counts_once(parent: Parent) -> None:
    parent.tell("fill 60")
    for _ in range(3):
        parent.tell("fork 0")
    parent.read_megabytes(0.0)
    assert 60 <= parent.read_megabytes(TWIN_SECONDS) <= 70


def test_a_child_that_may_be_about_to_start_a_program_counts_a_little_later(
    parent: Parent,
) -> None:
    parent.tell("fork 40")
    assert parent.read_megabytes(0.0) <= 1
    assert parent.read_megabytes(TWIN_SECONDS - 0.1) <= 1
    assert parent.read_megabytes(TWIN_SECONDS) >= 40


def test_a_program_counts_with_all_it_holds(parent: Parent) -> None:
    parent.tell("program 80")
    assert 80 <= parent.read_megabytes(0.0) <= 95


def test_at_the_limit_it_is_read_exactly(parent: Parent) -> None:
    parent.tell("fork 0")
    parent.read_megabytes(0.0)
    before = parent.read_megabytes(TWIN_SECONDS)
    parent.family._shared = dict.fromkeys(parent.family._shared, 0)
    now = TWIN_SECONDS + 0.1
    assert parent.read_megabytes(now) >= before + 30, "an estimate, which nobody acts on"
    assert parent.read_megabytes(now, limit_mb=50) == before


def test_one_that_is_gone_is_told() -> None:
    with run_parent() as parent:
        pass
    with closing(parent.family), pytest.raises(ProcessLookupError):
        parent.read_megabytes(0.0)
    with pytest.raises(OSError, match=str(parent.process.pid)):
        Family(parent.process.pid)


def test_it_is_read_without_open_files_too(parent: Parent, monkeypatch: pytest.MonkeyPatch) -> None:
    parent.tell("program 80")
    parent.family.close()
    assert 80 <= parent.read_megabytes(0.0) <= 95


def test_one_that_stays_as_it_is_is_quiet_after_a_while(parent: Parent) -> None:
    assert [parent.family.is_quiet(at) for at in (0.0, 0.5, QUIET_SECONDS)] == [False, False, True]
    parent.tell("fill 5")
    assert not parent.family.is_quiet(2.0)
    assert parent.family.is_quiet(2.0 + QUIET_SECONDS)
    parent.tell("program 1")
    assert not any(parent.family.is_quiet(at) for at in (4.0, 8.0)), "a child may grow"
