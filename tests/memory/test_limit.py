"""The kernel's part of a limit, each in a process of its own."""

from __future__ import annotations

import errno
import json
import resource
import subprocess
import sys
from typing import Any

import pytest

from processing.memory.limit import HAS_LIMIT, is_refusal, set_burst_limit
from processing.memory.units import MIB

pytestmark = pytest.mark.skipif(not HAS_LIMIT, reason="only Linux limits private memory")

START = """
import json, os, resource, threading
from processing.memory.limit import (
    begin_limit, is_refusal, lift_burst_limit, set_burst_limit, widen_burst_limit
)
from processing.memory.status import read_memory
from processing.memory.units import MIB

def outcome(work):
    try:
        work()
    except BaseException as error:
        return [type(error).__name__, is_refusal(error)]
    return ["ok", False]
"""


def run(program: str) -> Any:
    command = [sys.executable, "-c", f"{START}\n{program}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return json.loads(done.stdout)


def limit(pid: int, *, left_bytes: int) -> None:
    set_burst_limit(pid, filled_bytes=30 * MIB, idle_bytes=10 * MIB, left_bytes=left_bytes)


def read_limit(pid: int) -> int:
    soft_bytes, hard_bytes = resource.prlimit(pid, resource.RLIMIT_DATA)
    assert hard_bytes == resource.RLIM_INFINITY
    return soft_bytes


def test_a_burst_far_over_the_limit_is_refused_at_its_line() -> None:
    program = """
begin_limit(64 * MIB, read_memory(os.getpid()))
print(json.dumps([
    outcome(lambda: bytes(100 * MIB)),
    outcome(lambda: b"x" * (1024 * MIB)),
    outcome(lambda: json.loads("[" + "[1]," * 4_000_000 + "1]")),
]))
"""
    assert run(program) == [["ok", False], ["MemoryError", True], ["MemoryError", True]]


def test_what_the_process_held_before_does_not_count() -> None:
    program = """
held = b"x" * (600 * MIB)
memory = read_memory(os.getpid())
begin_limit(64 * MIB, memory)
print(json.dumps([memory.held_bytes >= 600 * MIB, outcome(lambda: bytes(100 * MIB))]))
"""
    assert run(program) == [True, ["ok", False]]


def test_nothing_is_refused_once_the_limit_is_lifted() -> None:
    program = """
begin_limit(64 * MIB, read_memory(os.getpid()))
lift_burst_limit()
print(json.dumps(outcome(lambda: bytes(1024 * MIB))))
"""
    assert run(program) == ["ok", False]


def test_a_limit_that_was_widened_is_as_narrow_as_before_behind_it() -> None:
    program = """
memory = read_memory(os.getpid())
filled, idle = memory.anonymous_bytes, memory.unfilled_bytes
set_burst_limit(0, filled_bytes=filled, idle_bytes=idle, left_bytes=-1)
outcomes = [outcome(lambda: bytes(32 * MIB))]
with widen_burst_limit(64 * MIB):
    outcomes += [outcome(lambda: bytes(32 * MIB)), outcome(lambda: bytes(96 * MIB))]
outcomes += [outcome(lambda: bytes(32 * MIB)), outcome(lambda: bytes(2 * MIB))]
lift_burst_limit()
with widen_burst_limit(64 * MIB):
    outcomes.append(outcome(lambda: bytes(256 * MIB)))
print(json.dumps([name for name, _ in outcomes]))
"""
    assert run(program) == ["MemoryError", "ok", "MemoryError", "MemoryError", "ok", "ok"]


def test_a_thread_that_is_refused_with_room_left_is_not_refused_for_memory() -> None:
    assert not is_refusal(RuntimeError("can't start new thread"))


@pytest.mark.parametrize("ends", [False, True], ids=["the others run on", "the others have ended"])
def test_a_thread_is_refused_for_memory_where_there_is_none_for_it(ends: bool) -> None:
    program = f"""
begin_limit(1 * MIB, read_memory(os.getpid()))
threading.stack_size(1 * MIB)
stop, threads = threading.Event(), []
def fill():
    try:
        for _ in range(400):
            thread = threading.Thread(target=stop.wait, args=(30,))
            thread.start()
            threads.append(thread)
    finally:
        if {ends}:
            stop.set()
            for thread in threads:
                thread.join()
found = outcome(fill)
stop.set()
print(json.dumps(found))
"""
    assert run(program) == ["RuntimeError", True]


@pytest.mark.parametrize(
    "error",
    [MemoryError(), OSError(errno.ENOMEM, "Cannot allocate memory")],
)
def test_what_came_of_a_refusal_is_one(error: Exception) -> None:
    raised = ValueError("a library's own")
    raised.__cause__ = error
    assert is_refusal(raised)
    raised.__cause__, raised.__context__ = None, error
    assert not is_refusal(raised), "raised from None: that was dealt with"
    raised.__suppress_context__ = False
    assert is_refusal(raised)
    assert is_refusal(error)


@pytest.mark.parametrize("error", [ValueError(), OSError(errno.ENOENT, ""), RuntimeError("no")])
def test_other_failures_are_none(error: Exception) -> None:
    assert not is_refusal(error)


def test_another_process_is_limited_while_it_runs() -> None:
    program = "import sys; sys.stdin.read(1); b'x' * (1 << 30)"
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        limit(child.pid, left_bytes=-MIB)
        assert read_limit(child.pid) == 48 * MIB, "it is over its limit, and is to end"
        limit(child.pid, left_bytes=0)
        assert read_limit(child.pid) == 168 * MIB
        _, errors = child.communicate(b"x", timeout=30)
    assert b"MemoryError" in errors
    limit(child.pid, left_bytes=0)  # it is gone, and let be


def test_a_hard_limit_of_the_operators_is_kept() -> None:
    program = """
resource.setrlimit(resource.RLIMIT_DATA, (300 * MIB, 300 * MIB))
begin_limit(1024 * MIB, read_memory(os.getpid()))
limited = resource.getrlimit(resource.RLIMIT_DATA)
lift_burst_limit()
print(json.dumps([limited, resource.getrlimit(resource.RLIMIT_DATA)]))
"""
    assert run(program) == [[300 * MIB, 300 * MIB]] * 2
