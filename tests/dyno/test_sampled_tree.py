"""The estimate between two exact readings, on a real tree."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from processing.dyno.sampled_tree import SampledTree
from processing.memory.units import MIB
from tests.dyno.running import GROW
from tests.service import wait_for

EXACT_SECONDS = 1.0
#: Takes 40 MB, and at each line that it reads: 20 more MB, or a child that holds nothing new.
BODY = """
import os, signal, sys
held = [b"x" * (40 << 20)]
print("ready", flush=True)
for line in sys.stdin:
    if line == "grow\\n":
        held.append(b"x" * (20 << 20))
    elif os.fork() == 0:
        signal.pause()
    print("done", flush=True)
"""


class Body:
    """A process that does what it is told, and the tree around it."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", BODY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._expect("ready")
        self.tree = SampledTree(
            "web.1", lines_bytes=(100 * MIB, 200 * MIB), exact_seconds=EXACT_SECONDS
        )
        self.tree.set_root(self.process.pid)

    def tell(self, text: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{text}\n")
        self.process.stdin.flush()
        self._expect("done")

    def _expect(self, text: str) -> None:
        assert self.process.stdout
        assert self.process.stdout.readline() == f"{text}\n"

    def read_mib(self, now: float) -> float:
        return self.tree.read_usage(now).total_bytes / MIB


@pytest.fixture
def body() -> Iterator[Body]:
    body = Body()
    with body.process:
        yield body
        for child in psutil.Process(body.process.pid).children():
            child.kill()
        body.process.kill()


def test_growth_between_exact_readings_is_seen(body: Body) -> None:
    before = body.read_mib(0.0)
    body.tell("grow")
    assert body.read_mib(0.1) == pytest.approx(before + 20, abs=1)


def test_memory_that_a_child_shares_is_not_counted_twice(body: Body) -> None:
    before = body.read_mib(0.0)
    body.tell("fork")
    assert body.read_mib(0.1) == pytest.approx(before, abs=3)
    assert body.read_mib(EXACT_SECONDS) == pytest.approx(before, abs=3)


def test_a_line_that_may_be_crossed_is_looked_at_exactly(body: Body) -> None:
    before = body.read_mib(0.0)
    for _ in range(3):
        body.tell("fork")  # 4 × 40 MB are more than the line, were they not shared
    assert body.read_mib(0.1) == pytest.approx(before, abs=8)
    assert body.read_mib(0.1) < 100


def test_a_process_that_ended_holds_nothing(body: Body) -> None:
    before = body.read_mib(0.0)
    with subprocess.Popen(
        ["/usr/bin/env", body.tree.mark, sys.executable, GROW, "40"], stdout=subprocess.PIPE
    ) as orphan:
        assert orphan.stdout
        assert orphan.stdout.readline() == b"holds 40\n"
        assert body.read_mib(EXACT_SECONDS) > before + 40
        orphan.kill()
    wait_for(lambda: body.read_mib(EXACT_SECONDS + 0.1) < before + 3, 10, "the estimate without it")
