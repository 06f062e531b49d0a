from __future__ import annotations

import os
import subprocess
import sys

import psutil
import pytest

from processing.dyno.boundary import Usage
from processing.dyno.process_tree import is_running, read_start
from processing.dyno.sampled_tree import SampledTree
from processing.memory import usage
from processing.memory.status import read_anonymous_bytes
from processing.memory.usage import find_children, find_trees, read_shares
from tests.service import wait_for

NOBODY = 2**22 + 1


@pytest.mark.parametrize("has_children", [True, False])
def test_a_tree_is_the_root_and_its_descendants(
    monkeypatch: pytest.MonkeyPatch, has_children: bool
) -> None:
    monkeypatch.setattr(usage, "HAS_CHILDREN", has_children and usage.HAS_CHILDREN)
    script = "sleep 300 & sh -c 'sleep 300 & wait' & wait"
    with subprocess.Popen(["sh", "-c", script], start_new_session=True) as root:
        try:
            wait_for(lambda: len(find_trees([root.pid])) == 4, 10, "four processes")
            theirs = {child.pid for child in psutil.Process(root.pid).children(recursive=True)}
            assert set(find_trees([root.pid])) == theirs | {root.pid}
            assert find_trees([root.pid])[0] == root.pid
            assert set(find_children(root.pid)) <= theirs
        finally:
            os.killpg(root.pid, 9)


def test_what_a_process_holds_is_what_others_say() -> None:
    full = psutil.Process().memory_full_info()
    assert abs(read_shares(os.getpid())[0] - full.pss) < full.pss / 5
    assert 0 < read_anonymous_bytes(os.getpid()) <= full.rss


def test_a_process_that_is_gone_holds_nothing() -> None:
    tree = SampledTree("web.1", lines_bytes=(), exact_seconds=1.0)
    tree.set_root(NOBODY)
    for now in (0.0, 0.1):  # exactly, and by an estimate
        assert tree.read_usage(now) == Usage(resident_bytes=0, swap_bytes=0)
    assert not is_running(NOBODY)
    assert read_start(NOBODY) is None
    assert find_trees([NOBODY]) == [NOBODY]


def test_a_zombie_does_not_run() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert not is_running(process.pid)
