"""What Linux is told about a process of a cluster, on real processes."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress

import psutil
import pytest

from tests.service import wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="is about Linux")

WAIT_SECONDS = 20.0

#: A parent that forks a child, tells its id and then reads until the end of its input.
FAMILY = """
import os, sys, time
from processing.queue.cluster.process_traits import die_with_parent, name_process

reader, writer = os.pipe()
pid = os.fork()
if pid == 0:
    die_with_parent(os.getppid())
    name_process("q a name of more than 15 bytes")
    os.write(writer, b"x")
    time.sleep(600)
os.read(reader, 1)
print(pid, flush=True)
sys.stdin.read()
"""
ORPHAN = """
from processing.queue.cluster.process_traits import die_with_parent

die_with_parent(1 << 22)
print("lives on")
"""


def test_a_child_dies_with_its_parent_and_is_called_what_it_is() -> None:
    command = [sys.executable, "-c", FAMILY]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        assert child.name() == "q a name of mor"
        parent.kill()
        parent.wait(WAIT_SECONDS)
        try:
            wait_for(lambda: not is_alive(child), WAIT_SECONDS, "the child lives on")
        finally:
            with suppress(psutil.NoSuchProcess):
                child.kill()


def test_a_child_whose_parent_died_before_ends_at_once() -> None:
    done = subprocess.run([sys.executable, "-c", ORPHAN], capture_output=True, timeout=20)
    assert (done.returncode, done.stdout) == (1, b"")


def is_alive(process: psutil.Process) -> bool:
    """Whether it runs; one that waits to be reaped does not."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
