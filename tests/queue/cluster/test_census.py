"""What counts against the quota: read exactly now and then, and guessed between."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from processing.memory import usage
from processing.queue.cluster import census as census_module
from processing.queue.cluster.census import NEAR_SHARE, SHARES_SECONDS, Census
from tests.queue.cluster.in_hand import MIB, make_plan

QUOTA = replace(make_plan().quota, limit_bytes=512 * MIB)
ROOT_PID = 7


class Shares(dict[int, int]):
    """What each process holds, and how often that was read."""

    def __init__(self, **given: int) -> None:
        super().__init__({ROOT_PID: 100 * MIB, ROOT_PID + 1: 20 * MIB})
        self.read_count = 0

    def find_tree(self, pid: int) -> list[int]:
        assert pid == ROOT_PID
        self.read_count += 1
        return list(self)

    def read(self, pid: int) -> int:
        if self[pid] < 0:
            raise ProcessLookupError(pid)
        return self[pid]


@pytest.fixture
def shares(monkeypatch: pytest.MonkeyPatch) -> Shares:
    shares = Shares()
    monkeypatch.setattr(census_module, "find_tree", shares.find_tree)
    monkeypatch.setattr(usage, "read_proportional_bytes", shares.read)
    return shares


def test_between_two_exact_readings_tasks_are_seen_to_grow(shares: Shares) -> None:
    census = Census(QUOTA, ROOT_PID)
    assert census.read(0.0, grown_bytes=10 * MIB).usage_bytes == 120 * MIB
    assert census.read(1.0, grown_bytes=40 * MIB).usage_bytes == 150 * MIB
    assert census.read(2.0, grown_bytes=0).usage_bytes == 120 * MIB
    assert shares.read_count == 1
    assert census.read(SHARES_SECONDS, grown_bytes=0).shares == shares
    assert shares.read_count == 2
    assert census.last.at == SHARES_SECONDS


def test_what_tasks_have_added_is_told_apart_from_the_rest(shares: Shares) -> None:
    census = Census(QUOTA, ROOT_PID)
    assert census.read(0.0, grown_bytes=10 * MIB).base_bytes == 110 * MIB
    assert census.read(1.0, grown_bytes=40 * MIB).base_bytes == 110 * MIB
    assert census.read(2.0, grown_bytes=0).base_bytes == 110 * MIB, "they ended and gave it back"


def test_near_the_quota_every_reading_is_exact(shares: Shares) -> None:
    shares[ROOT_PID] = int(NEAR_SHARE * 512 * MIB)
    census = Census(QUOTA, ROOT_PID)
    for second in range(3):
        census.read(float(second), grown_bytes=0)
    assert shares.read_count == 3


def test_a_process_that_is_gone_holds_nothing(shares: Shares) -> None:
    shares[ROOT_PID + 1] = -1
    reading = Census(QUOTA, ROOT_PID).read(0.0, grown_bytes=0)
    assert (reading.usage_bytes, list(reading.shares)) == (100 * MIB, [ROOT_PID])


def test_a_control_group_tells_of_everything_in_it(shares: Shares, tmp_path: Path) -> None:
    (tmp_path / "memory.stat").write_text("anon 1000\nfile 99999\n")
    census = Census(replace(QUOTA, cgroup=tmp_path), ROOT_PID)
    assert census.read(0.0, grown_bytes=300).usage_bytes == 1000
    assert census.last.base_bytes == 700
    (tmp_path / "memory.stat").write_text("anon 3000\nfile 99999\n")
    assert census.read(1.0, grown_bytes=0).usage_bytes == 3000
    assert shares.read_count == 1
    (tmp_path / "memory.stat").unlink()
    assert census.read(2.0, grown_bytes=0).usage_bytes == 120 * MIB


def test_real_processes_are_read() -> None:
    program = "import signal; print(1, flush=True); signal.pause()"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        reading = Census(QUOTA, child.pid).read(5.0, grown_bytes=7)
        child.kill()
    assert list(reading.shares) == [child.pid]
    assert 1 * MIB < reading.usage_bytes == reading.shares[child.pid] < 60 * MIB
