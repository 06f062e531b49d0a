"""What a process holds itself, in one of its own."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from processing.memory.units import MIB

PROGRAM = """
import json, mmap, os
from processing.memory.own_memory import OwnMemory
from processing.memory.status import read_memory

own = OwnMemory()
told = []

def tell():
    told.append([own.read().held_bytes, own.read().held_bytes, read_memory(os.getpid()).held_bytes])

tell()
held = b"x" * (30 << 20)
tell()
shared = mmap.mmap(-1, 20 << 20)
shared.write(b"x" * (20 << 20))
tell()
del held
tell()
print(json.dumps(told))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is the resident set")
def test_what_is_told_again_is_what_would_be_read() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, timeout=30)
    told = json.loads(done.stdout)
    for first, again, read in told:
        assert first == pytest.approx(read, abs=MIB / 4)
        assert again == pytest.approx(read, abs=MIB / 4)
    start, private, both, less = (first for first, _, _ in told)
    assert private - start == pytest.approx(30 * MIB, abs=MIB)
    assert both - private == pytest.approx(20 * MIB, abs=MIB)
    assert both - less == pytest.approx(30 * MIB, abs=MIB)
