"""Processors that take memory without end, each in a way of its own.

Each gets the file for `take_steps` as its data. Where a line takes the memory, "the line" marks it.
"""

from __future__ import annotations

import ctypes
import itertools
import json
import mmap
import multiprocessing
import subprocess
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from typing import Any

from processing.processors import processor
from tests.system import hog_program
from tests.system.growing import (
    GAP_SECONDS,
    LIMIT_MB,
    LONGEST_SECONDS,
    MIB,
    MOST_BYTES,
    STEP_BYTES,
    note_passing,
    take_steps,
)

THREAD_COUNT = 4
SLOW_STEP_BYTES = 5 * MIB
SLOW_GAP_SECONDS = 0.1
#: Parsed, a small object of JSON takes 230 bytes; as text 8.
OBJECT_COUNT = MOST_BYTES // 1024
#: What small pieces are cut of; a profile of smaller ones takes its time.
PIECE_BYTES = 1000
#: So many take 4 MiB more than the limit.
STAY_COUNT = (LIMIT_MB + 4) * MIB // (PIECE_BYTES + 48)


@processor("hog_list", memory_limit_mb=LIMIT_MB)
def grow_list(job: Any, note: str) -> None:
    held = []
    for step_bytes in take_steps(note):
        held.append(bytearray(step_bytes))  # the line


@processor("hog_slow", memory_limit_mb=LIMIT_MB)
def grow_slowly(job: Any, note: str) -> None:
    held = []
    for step_bytes in take_steps(note, SLOW_STEP_BYTES, gap_seconds=SLOW_GAP_SECONDS):
        held.append(bytearray(step_bytes))  # the line


@processor("hog_objects", memory_limit_mb=LIMIT_MB)
def grow_by_small_objects(job: Any, note: str) -> None:
    held = []
    for step_bytes in take_steps(note):
        held.append([bytearray(PIECE_BYTES) for _ in range(step_bytes // PIECE_BYTES)])  # the line


@processor("hog_json", memory_limit_mb=LIMIT_MB)
def parse_huge_json(job: Any, note: str) -> None:
    text = "[" + '{"a":0},' * OBJECT_COUNT + "0]"
    note_passing(note)
    json.loads(text)  # the line


@processor("hog_bytes", memory_limit_mb=LIMIT_MB)
def make_huge_bytes(job: Any, note: str) -> int:
    note_passing(note)
    return len(b"x" * MOST_BYTES)  # the line


@processor("hog_empty_bytes", memory_limit_mb=LIMIT_MB)
def make_huge_empty_bytes(job: Any, note: str) -> int:
    note_passing(note)
    return len(bytes(MOST_BYTES))  # the line


@processor("hog_in_c", memory_limit_mb=LIMIT_MB)
def stay_in_c(job: Any, note: str) -> None:
    """One call that hears no signal, and at the first attempt grows no further either."""
    note_passing(note)
    most_count = STAY_COUNT if job.attempt == 1 else None
    deque(map(bytes, itertools.repeat(PIECE_BYTES)), maxlen=most_count)  # the line


@processor("hog_ignores_null", memory_limit_mb=LIMIT_MB)
def ignore_null(job: Any, note: str) -> None:
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    libc.malloc.argtypes = [ctypes.c_size_t]
    libc.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
    for step_bytes in take_steps(note, 16 * MIB):
        libc.memset(libc.malloc(step_bytes), 1, step_bytes)


@processor("hog_numpy", memory_limit_mb=LIMIT_MB)
def grow_arrays(job: Any, note: str) -> None:
    import numpy as np

    held = []
    for step_bytes in take_steps(note):
        held.append(np.ones(step_bytes // 8))  # the line


@processor("hog_shared", memory_limit_mb=LIMIT_MB)
def grow_shared_memory(job: Any, note: str) -> None:
    held = []
    for step_bytes in take_steps(note):
        held.append(mmap.mmap(-1, step_bytes))
        held[-1].write(b"x" * step_bytes)


@processor("hog_threads", memory_limit_mb=LIMIT_MB)
def grow_in_threads(job: Any, note: str) -> None:
    def grow() -> None:
        held = []
        for step_bytes in take_steps(note, gap_seconds=THREAD_COUNT * GAP_SECONDS):
            held.append(bytearray(step_bytes))  # the line

    threads = [threading.Thread(target=grow, daemon=True) for _ in range(THREAD_COUNT)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@processor("hog_catches_memory_error", memory_limit_mb=LIMIT_MB)
def catch_memory_error(job: Any, note: str) -> None:
    held = []
    steps = take_steps(note)
    deadline = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < deadline:
        try:
            while True:
                held.append(bytearray(next(steps, STEP_BYTES)))  # the line
        except MemoryError:
            pass


@processor("hog_catches_all", memory_limit_mb=LIMIT_MB)
def catch_all(job: Any, note: str) -> None:
    held = []
    steps = take_steps(note)
    deadline = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < deadline:
        try:
            while True:
                with suppress(MemoryError):  # so that it hardly ever is where nothing is caught
                    held.append(bytearray(next(steps, STEP_BYTES)))  # the line
        except BaseException:  # that is what it is for
            pass


@processor("hog_program", memory_limit_mb=LIMIT_MB)
def run_program(job: Any, note: str) -> None:
    command = [sys.executable, "-m", "tests.system.hog_program", note]
    subprocess.run(command, check=True)  # the line


@processor("hog_fork", memory_limit_mb=LIMIT_MB)
def fork_hog(job: Any, note: str) -> None:
    child = multiprocessing.get_context("fork").Process(target=hog_program.main, args=[note])
    child.start()
    child.join()  # the line


@processor("neighbour", memory_limit_mb=LIMIT_MB, max_attempts=1)
def be_a_neighbour(job: Any, data: Any) -> int:
    """Work a little, in a little memory."""
    return sum(bytearray(MIB))
