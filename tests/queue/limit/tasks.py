"""Plain tasks around the limit of what a task may add to its seat."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
import time

MIB = 1024 * 1024
#: What nobody ends has ended by then, in seconds.
LONGEST_SECONDS = 30.0

left: list[object] = []

CHILD = "import sys, time; held = bytearray({size}); print(len(held), flush=True); sys.stdin.read()"


def find_process() -> int:
    """Say which process this is."""
    return os.getpid()


def hold(size_mib: int, seconds: float = LONGEST_SECONDS) -> int:
    """Hold so much for so long."""
    held = bytearray(size_mib * MIB)
    time.sleep(seconds)
    return len(held) // MIB


def return_bytes(size_mib: int) -> bytes:
    """Have a result of that size."""
    return b"x" * (size_mib * MIB)


def raise_memory_error() -> None:
    """Fail for a reason of its own."""
    raise MemoryError("no room on the shelf")


def allocate_at_once(size_mib: int) -> int:
    """Ask for it in one piece."""
    return len(b"x" * (size_mib * MIB))


def start_thread(stack_mib: int) -> None:
    """Start a thread that has so much address space for its stack."""
    before = threading.stack_size(stack_mib * MIB)
    threading.Thread(target=time.sleep, args=[0]).start()
    threading.stack_size(before)


def lift_limit(size_mib: int) -> int:
    """Take the kernel's limit off, and then hold so much."""
    resource.setrlimit(resource.RLIMIT_DATA, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return hold(size_mib)


def run_child(size_mib: int, seconds: float) -> int:
    """Have a program hold so much for so long, and nothing here."""
    command = [sys.executable, "-c", CHILD.format(size=size_mib * MIB)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(seconds)
    return child.returncode


def leave_child(size_mib: int) -> int:
    """Leave a program behind that holds so much; returns its process id."""
    command = [sys.executable, "-c", CHILD.format(size=size_mib * MIB)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    left.append(child)
    return child.pid


def leave_thread(size_mib: int) -> int:
    """Leave a thread behind that takes so much later on; returns the process id."""

    def grow() -> None:
        for _ in range(size_mib):
            time.sleep(0.01)
            left.append(bytearray(MIB))
        time.sleep(LONGEST_SECONDS)

    threading.Thread(target=grow).start()
    return os.getpid()
