"""Work that allocates, each kind in a way of its own; run in processes of their own."""

from __future__ import annotations

import ctypes
import inspect
import json
import os
import subprocess
import sys
import threading
import time
from typing import Any

from processing.memory import profiler
from processing.memory.growth import find_frame
from processing.memory.limit import set_burst_limit
from processing.memory.status import read_memory

KIB = 1024
MIB = 1024 * KIB


def grow(size_bytes: int) -> list[bytearray]:
    data = []
    for _ in range(size_bytes // KIB):
        data.append(bytearray(KIB))  # the guilty line
    return data


def parse(size_bytes: int) -> list[list[Any]]:
    text = json.dumps([[number] for number in range(10_000)])
    return [json.loads(text) for _ in range(size_bytes // MIB)]  # loads a megabyte, about


def allocate_in_c(size_bytes: int) -> int:
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    for _ in range(size_bytes // MIB):
        place = libc.malloc(ctypes.c_size_t(MIB))
        ctypes.memset(place, 1, MIB)
        time.sleep(0.005)  # the process grows here, as far as anybody sees
    return size_bytes


def grow_in_thread(size_bytes: int) -> list[list[bytearray]]:
    kept: list[list[bytearray]] = []
    thread = threading.Thread(target=lambda: kept.append(grow(size_bytes)))
    thread.start()
    thread.join()
    return kept


def allocate_in_child(size_bytes: int) -> int:
    code = f"import time; kept = b'x' * {size_bytes}; time.sleep(1)"
    return subprocess.run([sys.executable, "-c", code], check=True).returncode + 1  # waits


def tell(lines: profiler.Profile) -> None:
    """Print a profile as a line of JSON."""
    sys.stdout.write(json.dumps(lines) + "\n")
    sys.stdout.flush()


def profile(name: str, size_bytes: int, limit_bytes: int) -> None:
    """Print each profile of the work."""
    watching = profiler.AllocationProfiler(tell, limit_bytes=limit_bytes)
    watching.start()
    kept = WORK[name](size_bytes)
    watching.stop()
    assert kept


def be_broken_off(size_bytes: int, limit_bytes: int) -> None:
    """Print the one profile of work that was past its limit before anybody had looked."""
    profiler.FIRST_LOOK_SECONDS = 600.0
    watching = profiler.AllocationProfiler(tell, limit_bytes=limit_bytes)
    watching.start()
    data = grow(size_bytes)
    memory = read_memory(os.getpid())
    filled_bytes, idle_bytes = memory.anonymous_bytes, memory.unfilled_bytes
    set_burst_limit(0, filled_bytes=filled_bytes, idle_bytes=idle_bytes, left_bytes=-1)
    watching.see_last(find_frame(inspect.currentframe()))  # is broken off
    watching.stop()
    assert data


WORK: dict[str, Any] = {
    "grow": grow,
    "parse": parse,
    "allocate_in_c": allocate_in_c,
    "allocate_in_child": allocate_in_child,
    "grow_in_thread": grow_in_thread,
}

if __name__ == "__main__":
    name, sizes = sys.argv[1], [int(text) for text in sys.argv[2:]]
    if name == be_broken_off.__name__:
        be_broken_off(*sizes)
    else:
        profile(name, *sizes)
