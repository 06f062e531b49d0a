"""Processors that look like they took more than their limit, and do not.

Each gets a folder of its own as its data.
"""

from __future__ import annotations

import json
import mmap
import multiprocessing
import shutil
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from processing.processors import processor
from tests.system.growing import LIMIT_MB, MIB

THREAD_COUNT = 16
CHILD_COUNT = 2
PROGRAM_COUNT = 200
MATRIX_SIDE = 800
SET_BYTES = 50 * MIB
DATA_BYTES = 40 * MIB
#: Long enough to be looked at again and again.
LOOKS_SECONDS = 1.5
FILE_BYTES = 200 * MIB
READ_BYTES = 64 * 1024
ROW_COUNT = 20_000

Function = TypeVar("Function", bound=Callable[..., Any])


def innocent(name: str) -> Callable[[Function], Function]:
    """A processor that has one attempt to do what it does within LIMIT_MB."""
    declare: Callable[[Function], Function] = processor(
        name, memory_limit_mb=LIMIT_MB, max_attempts=1
    )
    return declare


@innocent("multiplies_matrices")
def multiply_matrices(job: Any, folder: str) -> float:
    """The import alone takes more address space than the limit, for little memory."""
    import numpy as np

    side = np.ones((MATRIX_SIDE, MATRIX_SIDE))
    return float((side @ side)[0, 0])


@innocent("runs_threads")
def run_threads(job: Any, folder: str) -> int:
    """All of them live at the same time."""
    everyone = threading.Barrier(THREAD_COUNT)
    sizes: list[int] = []

    def work() -> None:
        held = bytearray(MIB)
        everyone.wait()
        sizes.append(len(held))

    threads = [threading.Thread(target=work) for _ in range(THREAD_COUNT)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(sizes) // MIB


@innocent("uses_thread_pool")
def use_thread_pool(job: Any, folder: str) -> int:
    with ThreadPoolExecutor(THREAD_COUNT) as pool:
        return sum(pool.map(len, [b"x" * READ_BYTES] * THREAD_COUNT)) // MIB


@innocent("holds_working_set")
def hold_working_set(job: Any, folder: str) -> int:
    held = bytearray(SET_BYTES)
    return len(held) // MIB


@innocent("forks_children")
def fork_children(job: Any, folder: str) -> list[int]:
    """Each has all memory of its parent, and none of it is new."""
    with multiprocessing.get_context("fork").Pool(CHILD_COUNT) as pool:
        return pool.map(count_bytes, [MIB] * CHILD_COUNT)


@innocent("forks_beside_data")
def fork_beside_data(job: Any, folder: str) -> list[int]:
    """What they all hold is there once."""
    held = bytearray(DATA_BYTES)
    with multiprocessing.get_context("fork").Pool(CHILD_COUNT) as pool:
        sizes = pool.map(count_bytes, [MIB] * CHILD_COUNT)
        time.sleep(LOOKS_SECONDS)
    return [len(held) // MIB, *sizes]


@innocent("runs_programs")
def run_programs(job: Any, folder: str) -> int:
    """Each has, for a moment, all memory of its parent."""
    held = bytearray(DATA_BYTES)
    return len(held) // MIB + sum(
        subprocess.run(["true"], check=False).returncode for _ in range(PROGRAM_COUNT)
    )


@innocent("reads_large_file")
def read_large_file(job: Any, folder: str) -> int:
    """What the kernel keeps of a file is no memory of the task's."""
    path = write_large_file(folder)
    with path.open("rb") as file:
        return sum(map(len, iter(partial(file.read, READ_BYTES), b""))) // MIB


@innocent("maps_large_file")
def map_large_file(job: Any, folder: str) -> int:
    path = write_large_file(folder)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        return len(mapped[:: mmap.PAGESIZE]) * mmap.PAGESIZE // MIB


@innocent("copies_large_file")
def copy_large_file(job: Any, folder: str) -> int:
    path = write_large_file(folder)
    return Path(shutil.copyfile(path, path.with_suffix(".copy"))).stat().st_size // MIB


@innocent("works_with_rows")
def work_with_rows(job: Any, folder: str) -> int:
    """What most tasks do: rows in, JSON out."""
    with closing(sqlite3.connect(Path(folder) / "rows.sqlite3")) as rows:
        rows.execute("CREATE TABLE line (number INTEGER, text TEXT)")
        texts = ((number, f"line {number}") for number in range(ROW_COUNT))
        rows.executemany("INSERT INTO line VALUES (?, ?)", texts)
        kept = rows.execute("SELECT number, text FROM line ORDER BY text").fetchall()
    return len(json.loads(json.dumps(kept)))


def count_bytes(size_bytes: int) -> int:
    return len(bytearray(size_bytes)) // MIB


def write_large_file(folder: str) -> Path:
    """A file of FILE_BYTES, written by the task, so that all of it is in the kernel's cache."""
    path = Path(folder) / "large"
    with path.open("wb") as file:
        for _ in range(FILE_BYTES // MIB):
            file.write(b"x" * MIB)
    return path
