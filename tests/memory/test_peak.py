"""The peak of a piece of work, in a process of its own that holds nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from processing.memory import peak
from processing.memory.peak import PeakMeter
from processing.memory.units import MIB

PROGRAM = """
import json, os, threading
from processing.memory.peak import PeakMeter

def measure(work):
    meter.begin()
    work()
    return meter.read()

def hold(size):
    block = bytearray(size)
    block[::4096] = b"x" * len(block[::4096])  # a page that nobody touches takes no memory

def hold_in_a_thread(size):
    thread = threading.Thread(target=hold, args=(size,))
    thread.start()
    thread.join()

meter = PeakMeter()
hold(1 << 20)
if pid := os.fork():  # it is for processes such as a seat
    os.waitpid(pid, 0)
else:
    print(json.dumps([
        measure(lambda: hold(200 << 20)),
        measure(lambda: None),
        measure(lambda: hold_in_a_thread(50 << 20)),
    ]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux forgets a peak")
def test_each_work_has_a_peak_of_its_own() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, timeout=30)
    large, nothing, threaded = json.loads(done.stdout)
    # The kernel's count may be a few hundred KiB behind.
    assert 199 * MIB <= large < 210 * MIB
    assert nothing < 2 * MIB, "what was there before is not in it"
    assert 49 * MIB <= threaded < 60 * MIB


def test_where_the_kernel_cannot_forget_nothing_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(peak, "CLEAR_REFS", tmp_path / "missing")
    meter = PeakMeter()
    meter.begin()
    assert meter.read() is None
