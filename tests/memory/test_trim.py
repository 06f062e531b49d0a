"""Trimming gives back what a burst leaves in the C library's heap."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

BURST = """
import os
from processing.memory.trim import trim_memory
from processing.memory.status import read_held_bytes

start_bytes = read_held_bytes(os.getpid())
burst = [bytearray(100_000) for _ in range(1_000)]
kept = bytearray(100_000)  # above the others in the heap: glibc alone gives nothing back below it
cycle = []
cycle.append((cycle, burst))
del burst, cycle
grown_bytes = read_held_bytes(os.getpid()) - start_bytes
trim_memory()
print(grown_bytes, read_held_bytes(os.getpid()) - start_bytes)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc alone can be told to trim")
def test_what_a_burst_leaves_behind_is_given_back() -> None:
    done = subprocess.run(
        [sys.executable, "-c", BURST], capture_output=True, text=True, check=True, timeout=60
    )
    grown_bytes, left_bytes = map(int, done.stdout.split())
    assert grown_bytes > 90_000_000
    assert left_bytes < 10_000_000
