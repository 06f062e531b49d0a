"""Which lines allocate most, told while the work runs: real work in processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from processing.memory import profiler
from processing.memory.profiler import UNSEEN, UNTRACED, AllocationProfiler, Profile
from tests.memory import hogs
from tests.service import wait_for

ROOT = Path(__file__).parents[2]
MIB = 1024 * 1024
ROOMY_BYTES = 1024 * MIB
WAIT_SECONDS = 60.0

needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="measures RssAnon")


def run(name: str, size_bytes: int, limit_bytes: int = ROOMY_BYTES) -> list[list[dict[str, Any]]]:
    """The profiles of one of the hogs."""
    command = [sys.executable, "-m", "tests.memory.hogs", name, str(size_bytes), str(limit_bytes)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=WAIT_SECONDS)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def find_line(text: str) -> str:
    """The place of the line of hogs.py with `text` in it."""
    lines = Path(hogs.__file__).read_text().splitlines()
    [number] = [number for number, line in enumerate(lines, 1) if text in line]
    return f"{hogs.__file__}:{number}"


def test_the_guilty_line_is_first_with_what_it_holds_and_says() -> None:
    profiles = run("grow", 30 * MIB)
    worst = profiles[-1][0]
    assert worst["place"] == find_line("# the guilty line")
    assert worst["line"].startswith("data.append(bytearray(KIB))")
    assert 5 * MIB < worst["bytes"] <= 33 * MIB
    assert worst["blocks"] >= worst["bytes"] // 2000


def test_each_profile_is_of_more_than_the_one_before() -> None:
    sizes = [profile[0]["bytes"] for profile in run("grow", 30 * MIB)]
    assert len(sizes) > 1
    assert sizes == sorted(sizes)


def test_a_line_of_the_library_is_told_as_a_detail_of_the_line_that_called_it() -> None:
    worst = run("parse", 12 * MIB)[-1][0]
    assert worst["place"] == find_line("# loads a megabyte")
    assert "json/decoder.py:" in worst["detail"]


@needs_linux
def test_what_c_allocates_is_told_with_the_place_where_the_process_grew() -> None:
    worst = run("allocate_in_c", 60 * MIB)[-1][0]
    assert worst["place"].startswith(f"{hogs.__file__}:")
    assert (worst["blocks"], worst["detail"]) == (0, UNTRACED)
    assert worst["bytes"] > 20 * MIB


@needs_linux
def test_what_a_child_process_allocates_is_told_with_the_line_that_waits_for_it() -> None:
    worst = run("allocate_in_child", 60 * MIB)[-1][0]
    assert worst["place"] == find_line("# waits")
    assert worst["detail"] == UNTRACED
    assert worst["bytes"] > 30 * MIB


def test_a_thread_that_allocates_is_named_by_its_own_line() -> None:
    worst = run("grow_in_thread", 30 * MIB)[-1][0]
    assert worst["place"] == find_line("# the guilty line")


@needs_linux
def test_where_a_snapshot_does_not_fit_the_place_of_the_growth_is_told() -> None:
    worst = run("grow", 30 * MIB, limit_bytes=MIB)[-1][0]
    assert worst["detail"] == UNSEEN
    assert worst["place"].startswith(f"{hogs.__file__}:")
    assert worst["bytes"] > 5 * MIB


def test_it_leaves_no_thread_and_no_tracing_behind() -> None:
    switch_seconds = sys.getswitchinterval()
    watching = AllocationProfiler(lambda profile: None, limit_bytes=ROOMY_BYTES)
    watching.start()
    assert tracemalloc.is_tracing()
    assert sys.getswitchinterval() < switch_seconds
    watching.stop()
    assert sys.getswitchinterval() == switch_seconds
    assert not tracemalloc.is_tracing()
    assert "profiler" not in {thread.name for thread in threading.enumerate()}


def test_work_that_is_broken_off_is_seen_before_it_is_freed_and_not_after(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Even where a busy machine gave the profiler no turn before."""
    monkeypatch.setattr(profiler, "FIRST_LOOK_SECONDS", WAIT_SECONDS)
    told: list[Profile] = []
    watching = AllocationProfiler(told.append, limit_bytes=ROOMY_BYTES)
    watching.start()
    data = hogs.grow(20 * MIB)
    watching.see_last((__file__, 1))
    del data
    kept = bytearray(60 * MIB)
    watching.stop()
    assert len(kept) == 60 * MIB
    [profile] = told
    assert profile[0]["place"] == find_line("# the guilty line")
    assert 15 * MIB < profile[0]["bytes"] < 25 * MIB


@needs_linux
@pytest.mark.parametrize(
    ("size_bytes", "is_seen"),
    [
        pytest.param(40 * MIB, True, id="a_snapshot_fits"),
        pytest.param(100 * MIB, False, id="there_are_too_many_blocks"),
    ],
)
def test_work_that_is_broken_off_is_seen_in_what_a_burst_may_take(
    size_bytes: int, is_seen: bool
) -> None:
    """Where the kernel would refuse it by then, and where the profiler had no turn before."""
    [profile] = run("be_broken_off", size_bytes, limit_bytes=4 * MIB)
    worst = profile[0]
    if is_seen:
        assert worst["place"] == find_line("# the guilty line")
        assert 0.8 * size_bytes < worst["bytes"] < 1.2 * size_bytes
    else:
        assert (worst["place"], worst["detail"]) == (find_line("# is broken off"), UNSEEN)


@needs_linux
def test_what_was_told_where_no_snapshot_fitted_is_told_again_at_the_last_look() -> None:
    told: list[Profile] = []
    watching = AllocationProfiler(told.append, limit_bytes=24 * MIB)
    watching.start()
    data = hogs.grow(40 * MIB)
    wait_for(lambda: told and is_unseen(told[-1]), WAIT_SECONDS, "no look came")
    watching.see_last((__file__, 1))
    watching.stop()
    assert len(data) == 40 * 1024
    worst = told[-1][0]
    assert worst["place"] == find_line("# the guilty line")
    assert 35 * MIB < worst["bytes"] < 45 * MIB


@needs_linux
def test_where_a_snapshot_is_refused_its_memory_the_place_of_the_growth_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(count: int) -> None:
        raise MemoryError

    monkeypatch.setattr(profiler, "FIRST_LOOK_SECONDS", WAIT_SECONDS)
    monkeypatch.setattr(profiler, "read_line_uses", refuse)
    told: list[Profile] = []
    watching = AllocationProfiler(told.append, limit_bytes=ROOMY_BYTES)
    watching.start()
    data = hogs.grow(20 * MIB)
    watching.see_last((__file__, 1))
    watching.stop()
    assert len(data) == 20 * 1024
    [[line]] = told
    assert (line["place"], line["detail"]) == (f"{__file__}:1", UNSEEN)


def is_unseen(profile: Profile) -> bool:
    """Whether it tells the place where the process grew."""
    return UNSEEN in {line.get("detail") for line in profile}


def test_what_is_left_of_work_that_was_broken_off_is_not_told() -> None:
    told: list[Profile] = []
    watching = AllocationProfiler(told.append, limit_bytes=ROOMY_BYTES)
    watching.see_no_more()
    watching.start()
    kept = bytearray(20 * MIB)
    watching.stop()
    assert len(kept) == 20 * MIB
    assert told == []


def test_small_work_has_no_profile() -> None:
    assert run("grow", 16 * 1024) == []
