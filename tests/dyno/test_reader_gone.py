"""When nobody reads the log any more, as after `| head`, the run ends and says nothing of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil
import pytest

from tests.dyno.running import END_SECONDS, GROW
from tests.dyno.test_stop import are_gone
from tests.service import DEFAULTS, ROOT, make_environment

#: How a shell tells of a program that SIGPIPE ended.
ENDED_BY_SIGPIPE = 141
CHATTY = f"import subprocess, sys\nsubprocess.Popen([sys.executable, {GROW!r}, '8'])\n" + (
    "import time\nwhile True: print('still here', flush=True); time.sleep(0.05)\n"
)

Channel = Callable[[], tuple[int, int]]


@contextmanager
def run_into(channel: Channel, *arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The command with its output in one end; the other end, to be closed by the test."""
    reading, writing = channel()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "dyno", *arguments],
        cwd=ROOT,
        env=make_environment(**DEFAULTS),
        stdin=subprocess.DEVNULL,
        stdout=writing,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    os.close(writing)
    try:
        yield process, reading
    finally:
        if process.poll() is None:
            for member in psutil.Process(process.pid).children(recursive=True):
                member.kill()
            process.kill()
            process.communicate()


def read_until(reading: int, text: bytes) -> None:
    seen = b""
    while text not in seen:
        seen += os.read(reading, 4096)


@pytest.mark.parametrize("channel", [os.pipe, os.openpty], ids=["pipe", "terminal"])
def test_the_processes_are_stopped_in_silence(way: list[str], channel: Channel) -> None:
    with run_into(channel, *way, "--", sys.executable, "-c", CHATTY) as (process, reading):
        read_until(reading, b"app[run.1]: still here")
        members = psutil.Process(process.pid).children(recursive=True)
        assert len(members) == 2

        os.close(reading)

        _, said = process.communicate(timeout=END_SECONDS)
        assert said == b""
        assert process.returncode == ENDED_BY_SIGPIPE
        assert are_gone(members)
