"""The stack of a process that does not listen, from its own handler in C."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from processing.queue.cluster.excess import find_place
from processing.queue.cluster.last_stack import STACK_SIGNAL, read_stack
from tests.service import wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has memory files")

PROGRAM = """
import re, sys
from processing.queue.cluster.last_stack import offer_stack

def work():
    print("up", flush=True); re.match("(a*)*b", "a" * 60)  # one call in C that nothing interrupts

{offer}
work()
"""


def run(offer: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", PROGRAM.format(offer=offer)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def test_a_process_in_one_long_call_tells_its_line() -> None:
    with run("offer_stack()") as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            assert read_stack(process.pid) == ""
            os.kill(process.pid, STACK_SIGNAL)
            wait_for(lambda: bool(read_stack(process.pid)), 10, "no stack was written")
            stack = read_stack(process.pid)
        finally:
            process.kill()
    assert stack.startswith("Traceback (most recent call last):\n")
    assert find_place(stack) == "work, <string>:6"


def test_one_that_offers_none_or_is_gone_tells_nothing() -> None:
    with run("") as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert read_stack(process.pid) == ""
        process.kill()
    assert read_stack(process.pid) == ""
