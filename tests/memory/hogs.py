"""Work that allocates, each kind in a way of its own; run in processes of their own."""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
import threading
import time
from typing import Any

from processing.memory.profiler import AllocationProfiler, Profile

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


def grow_in_thread(size_bytes: int) -> bool:
    thread = threading.Thread(target=grow, args=(size_bytes,))
    thread.start()
    thread.join()
    return True


def allocate_in_child(size_bytes: int) -> int:
    code = f"import time; kept = b'x' * {size_bytes}; time.sleep(1)"
    return subprocess.run([sys.executable, "-c", code], check=True).returncode + 1  # waits


def profile(name: str, size_bytes: int, limit_bytes: int) -> None:
    """Print each profile of the work as a line of JSON, and the size of the process at the end."""

    def tell(lines: Profile) -> None:
        sys.stdout.write(json.dumps(lines) + "\n")
        sys.stdout.flush()

    profiler = AllocationProfiler(tell, limit_bytes=limit_bytes)
    profiler.start()
    kept = WORK[name](size_bytes)
    profiler.stop()
    assert kept


WORK: dict[str, Any] = {
    "grow": grow,
    "parse": parse,
    "allocate_in_c": allocate_in_c,
    "allocate_in_child": allocate_in_child,
    "grow_in_thread": grow_in_thread,
}

if __name__ == "__main__":
    profile(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
