"""What processes and control groups hold."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from processing.memory import status, usage
from processing.memory.quota import Quota
from processing.memory.status import read_anonymous_bytes, read_memory
from processing.memory.usage import (
    find_tree,
    read_cgroup_bytes,
    read_proportional_bytes,
    read_total_bytes,
    read_usage_bytes,
)

MIB = 1024 * 1024
HELD_BYTES = 32 * MIB
NO_PROCESS = 2**22 + 1  # above the largest id that Linux gives

#: A parent that holds HELD_BYTES and shares them with two children, until its input ends.
FAMILY = f"""
import os, sys
held = b"x" * {HELD_BYTES}
reading, writing = os.pipe()
for _ in range(2):
    if not os.fork():
        os.close(writing)
        os.read(reading, 1)
        os._exit(0)
print("up", flush=True)
sys.stdin.read()
os.close(writing)
for _ in range(2):
    os.wait()
"""


@contextmanager
def run_family() -> Iterator[int]:
    """The process id of the parent, with its children up."""
    command = [sys.executable, "-c", FAMILY]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"up\n"
        yield parent.pid
        parent.communicate()
    assert parent.returncode == 0


@pytest.mark.parametrize("read", [read_anonymous_bytes, read_proportional_bytes])
@pytest.mark.parametrize("has_smaps", [True, False], ids=["Linux", "macOS"])
def test_what_is_held_is_counted(
    read: Callable[[int], int], has_smaps: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "HAS_SMAPS", has_smaps and usage.HAS_SMAPS)
    if not has_smaps:
        monkeypatch.setattr(status, "PROC", Path("/nowhere"))
    before = read(os.getpid())
    held = bytearray(b"x" * HELD_BYTES)
    assert HELD_BYTES - 4 * MIB < read(os.getpid()) - before < HELD_BYTES + 48 * MIB
    del held


@pytest.mark.skipif(not usage.HAS_SMAPS, reason="shared pages are told apart by Linux alone")
def test_a_family_counts_what_it_shares_once() -> None:
    with run_family() as pid:
        tree = find_tree(pid)
        assert len(tree) == 3
        assert HELD_BYTES < read_total_bytes(tree) < 2 * HELD_BYTES
        assert all(read_anonymous_bytes(member) > HELD_BYTES for member in tree)


@pytest.mark.parametrize("has_children", [True, False], ids=["files", "psutil"])
def test_a_tree_is_the_process_and_its_descendants(
    has_children: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "HAS_CHILDREN", has_children and usage.HAS_CHILDREN)
    with run_family() as pid:
        tree = find_tree(pid)
        assert tree[0] == pid
        assert len(tree) == 3
        assert set(tree) < set(find_tree(os.getpid()))
    assert find_tree(pid) == []


@pytest.mark.parametrize("has_smaps", [True, False], ids=["Linux", "macOS"])
def test_a_process_that_is_gone_holds_nothing(
    has_smaps: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "HAS_SMAPS", has_smaps and usage.HAS_SMAPS)
    with pytest.raises(OSError, match=str(NO_PROCESS)):
        read_proportional_bytes(NO_PROCESS)
    assert read_total_bytes([NO_PROCESS]) == 0


def test_swap_is_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "7"
    own.mkdir()
    lines = "VmRSS: 90 kB\nRssAnon:\t 40 kB\nRssFile: 1 kB\nRssShmem: 5 kB\nVmData:\t 70 kB\n"
    lines += "VmSwap:\t 8 kB\nThreads: 3\n"
    (own / "status").write_text(f"Name:\tx\n{lines}")
    rollup = "Rss: 90 kB\nPss: 30 kB\nPss_Anon: 20 kB\nSwap: 16 kB\nSwapPss: 5 kB\n"
    (own / "smaps_rollup").write_text(f"00-ff ---p 00000000 00:00 0 [rollup]\n{rollup}")
    monkeypatch.setattr(usage, "PROC", tmp_path)
    monkeypatch.setattr(status, "PROC", tmp_path)
    monkeypatch.setattr(usage, "HAS_SMAPS", True)
    memory = read_memory(7)
    assert (memory.data_bytes, memory.held_bytes) == (70 * 1024, (48 + 5) * 1024)
    assert read_anonymous_bytes(7) == 48 * 1024
    assert read_proportional_bytes(7) == 35 * 1024


def test_a_kernel_that_tells_less_is_read_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "7").mkdir()
    own = tmp_path / "7/status"
    own.write_text("Name:\tx\nVmSize:\t900 kB\nVmRSS:\t90 kB\nVmData:\t300 kB\nThreads:\t3\n")
    monkeypatch.setattr(status, "PROC", tmp_path)
    assert read_memory(7).held_bytes == 90 * 1024
    assert read_memory(7).data_bytes == 300 * 1024
    own.write_text("Name:\tx\nState:\tZ (zombie)\nThreads:\t1\n")
    with pytest.raises(ProcessLookupError):
        read_memory(7)


def test_a_group_counts_anonymous_memory_and_swap_and_no_cache(tmp_path: Path) -> None:
    (tmp_path / "memory.stat").write_text("anon 100\nfile 9000\nkernel_stack 7\nanon_thp 5\n")
    assert read_cgroup_bytes(tmp_path) == 100
    (tmp_path / "memory.swap.current").write_text("30\n")
    assert read_cgroup_bytes(tmp_path) == 130


def test_a_group_of_version_1_counts_what_is_below_it_too(tmp_path: Path) -> None:
    (tmp_path / "memory.stat").write_text(
        "cache 9000\nrss 10\nswap 1\ntotal_cache 9000\ntotal_rss 200\ntotal_swap 40\n"
    )
    assert read_cgroup_bytes(tmp_path) == 240


def test_a_group_that_does_not_tell_leaves_it_to_the_processes(tmp_path: Path) -> None:
    quota = Quota(limit_bytes=MIB, source="memory.max", restart_bytes=MIB, cgroup=tmp_path)
    assert read_cgroup_bytes(tmp_path) is None
    assert read_usage_bytes(quota, [os.getpid()]) > 5 * MIB
    (tmp_path / "memory.stat").write_text("anon 100\n")
    assert read_usage_bytes(quota, [os.getpid()]) == 100
