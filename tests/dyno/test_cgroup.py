"""What is read and written in groups of either version, on folders that look like the kernel's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from processing.dyno.cgroup import V1, V2, CgroupBoundary, Version, find_leftovers
from processing.dyno.process_tree import read_start

FILES = {
    1: {
        "memory.stat": "cache 900\nrss 10\ntotal_cache 900\ntotal_rss 300\ntotal_swap 20\n",
        "memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n",
    },
    2: {
        "memory.stat": "anon 300\nfile 900\nkernel 7\n",
        "memory.swap.current": "20\n",
        "memory.events": "low 0\nhigh 0\nmax 9\noom 1\noom_kill 0\noom_group_kill 0\n",
    },
}
LIMITS = {
    1: ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes"],
    2: ["memory.max", "memory.swap.max", "memory.oom.group"],
}


class FilledBoundary(CgroupBoundary):
    """The kernel fills a new group; here this does."""

    def _set_limits(self, limit_bytes: int) -> None:
        for name in LIMITS[self._version.number]:
            (self._folder / name).write_text("")
        for name, text in FILES[self._version.number].items():
            (self._folder / name).write_text(text)
        super()._set_limits(limit_bytes)

    @property
    def folder(self) -> Path:
        return self._folder


@pytest.mark.parametrize("version", [V1, V2], ids=["v1", "v2"])
def test_usage_is_anonymous_memory_and_swap_without_cache(version: Version, tmp_path: Path) -> None:
    group = FilledBoundary(tmp_path, version, "web.1", limit_bytes=1000)
    usage = group.read_usage(0.0)
    assert (usage.resident_bytes, usage.swap_bytes, usage.total_bytes) == (300, 20, 320)


@pytest.mark.parametrize("version", [V1, V2], ids=["v1", "v2"])
def test_each_kill_by_the_kernel_is_told_once(version: Version, tmp_path: Path) -> None:
    group = FilledBoundary(tmp_path, version, "web.1", limit_bytes=1000)
    assert not group.take_kernel_kill()
    file = group.folder / version.kill_file
    file.write_text(file.read_text().replace("oom_kill 0", "oom_kill 2"))
    assert group.take_kernel_kill()
    assert not group.take_kernel_kill()


def test_the_limit_is_for_memory_and_swap_together(tmp_path: Path) -> None:
    first = FilledBoundary(tmp_path, V1, "web.1", limit_bytes=1000).folder
    second = FilledBoundary(tmp_path, V2, "web.2", limit_bytes=1000).folder
    assert [(first / name).read_text() for name in LIMITS[1]] == ["1000", "1000"]
    assert [(second / name).read_text() for name in LIMITS[2]] == ["1000", "0", "1"]


def test_a_group_is_left_over_whose_maker_is_gone_and_no_folder_of_somebody_else(
    tmp_path: Path,
) -> None:
    start = read_start(os.getpid())
    names = ["x", "1", "x-1-web.1", f"{os.getpid()}-{start}-web.1", f"{os.getpid()}-1-web.1"]
    for name in names:
        (tmp_path / f"plimsoll-dyno-{name}").mkdir()
    assert [folder.name for folder in find_leftovers(tmp_path)] == [f"plimsoll-dyno-{names[-1]}"]
