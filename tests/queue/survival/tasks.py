"""Tasks for clusters that are hurt while they run them. Each writes marks; see marks.py."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from django_q.models import Task

from processing.queue.current import current
from tests.queue.survival.marks import write_mark

POLL_SECONDS = 0.02
#: What nobody ends has ended by then.
LONGEST_SECONDS = 60.0

PROGRAM = f"import time; print('up', flush=True); time.sleep({LONGEST_SECONDS})"


def mark(path: str, event: str, pid: int = 0) -> None:
    """Write down what this delivery does now, or what the process `pid` is to it."""
    assert current.delivery is not None
    job_id, number = current.delivery.job_id, current.delivery.number
    write_mark(path, event, job_id=job_id, delivery=number, pid=pid or os.getpid())


def run_marked(path: str, seconds: float) -> float:
    """Mark the begin, sleep, mark the end."""
    mark(path, "begin")
    time.sleep(seconds)
    mark(path, "end")
    return seconds


def run_large(path: str, size_bytes: int, seconds: float) -> None:
    """The same, with so much memory in hand meanwhile."""
    mark(path, "begin")
    held = b"x" * size_bytes
    time.sleep(seconds)
    del held
    mark(path, "end")


def run_until(path: str, go: str, seconds: float) -> None:
    """Run for so long, or until the file `go` is there."""
    mark(path, "begin")
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not Path(go).exists():
        time.sleep(POLL_SECONDS)
    mark(path, "end")


def note_interrupt(path: str, go: str) -> None:
    """Run until the file `go` is there, and mark it when somebody ends that before."""
    try:
        run_until(path, go, LONGEST_SECONDS)
    except BaseException:
        mark(path, "interrupted")
        raise


def swallow_interrupts(path: str, go: str) -> None:
    """Go on whatever is raised, until the file `go` is there."""
    mark(path, "begin")
    deadline = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < deadline:
        try:
            while not Path(go).exists():
                time.sleep(POLL_SECONDS)
            return
        except BaseException:  # that is what it is for
            mark(path, "swallowed")


def die_by_signal(path: str, number: int) -> None:
    """End this process by a signal to itself."""
    mark(path, "begin")
    os.kill(os.getpid(), number)


def die_by_exit(path: str, status: int) -> None:
    """End this process without a word to Python."""
    mark(path, "begin")
    os._exit(status)


def die_by_bad_read(path: str) -> None:
    """Read where no memory is."""
    mark(path, "begin")
    ctypes.string_at(0)


def kill_template(path: str) -> None:
    """Take the whole cluster down."""
    mark(path, "begin")
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(LONGEST_SECONDS)


def note_hook(task: Task) -> None:
    """Mark that the task had ended; its group is the path, and it is the job that is noted."""
    write_mark(task.group, "hook", job_id=UUID(task.id), delivery=0, pid=os.getpid())


def wait_for_child(path: str, kind: str, go: str) -> None:
    """Start a process of that kind, unless `go` is there, and fail as soon as it does."""
    if Path(go).exists():
        return
    pid, wait = CHILDREN[kind]()
    mark(path, "child", pid)
    status = wait()
    mark(path, f"child-ended-{status}", pid)
    raise RuntimeError(f"The child ended with {status}.")


def leave_child(path: str) -> None:
    """Start a program and do not care about it."""
    pid, _ = start_program()
    mark(path, "child", pid)


def start_program() -> tuple[int, Callable[[], int]]:
    """A Python program; with what waits for its end and returns its exit status or minus signal."""
    process = subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    return process.pid, process.wait


def fork() -> tuple[int, Callable[[], int]]:
    """A bare child."""
    pid = os.fork()
    if pid == 0:
        time.sleep(LONGEST_SECONDS)
        os._exit(0)
    return pid, lambda: os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def start_process() -> tuple[int, Callable[[], int]]:
    """A child of multiprocessing."""
    process = multiprocessing.get_context("fork").Process(target=time.sleep, args=[LONGEST_SECONDS])
    process.start()
    assert process.pid is not None

    def wait() -> int:
        process.join()
        assert process.exitcode is not None
        return process.exitcode

    return process.pid, wait


CHILDREN = {"program": start_program, "fork": fork, "process": start_process}
