"""The queue's bench, as `make bench` starts it, on so little work that its figures mean nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.service import wait_for

ROOT = Path(__file__).resolve().parents[2]
BENCH_SECONDS = 120.0

DRAIN_FIGURES = {
    "enqueue_per_second",
    "enqueue_cpu_us",
    "drain_2_per_second",
    "drain_2_tail_ms",
    "drain_2_cpu_us",
    "drain_2_repeated",
}


@contextmanager
def start_bench(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Plimsoll alone on SQLite; it is gone behind the block, and so are its processes."""
    command = [sys.executable, "-m", "bench.queue", "--folder", str(folder)]
    command += ["--systems", "plimsoll", "--stores", "sqlite", "--rounds", "1", *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as bench:
        try:
            yield bench
        finally:
            bench.terminate()


def read_kept(folder: Path) -> tuple[str, dict[str, Any]]:
    """The report and the figures; nothing else may be left."""
    report, figures = sorted(folder.iterdir(), key=lambda path: path.suffix, reverse=True)
    assert (report.suffix, figures.suffix) == (".md", ".json")
    run: dict[str, Any] = json.loads(figures.read_text())
    return report.read_text(), run


def test_draining_and_watching_are_measured_with_limits_and_without(tmp_path: Path) -> None:
    arguments = ("--measures", "drain_2", "watch", "--task-count", "60", "--idle-seconds", "1")
    arguments += ("--systems", "plimsoll", "plimsoll_unlimited")  # the last of an option counts
    with start_bench(tmp_path, *arguments) as bench:
        output, _ = bench.communicate(timeout=BENCH_SECONDS)
    assert bench.returncode == 0, output
    report, run = read_kept(tmp_path)
    taken = {(record["contender"], record["measure"]) for record in run["records"]}
    contenders = ("plimsoll@sqlite", "plimsoll_unlimited@sqlite")
    assert taken == {(name, measure) for name in contenders for measure in ("drain_2", "watch")}
    for record in run["records"]:
        assert record["failure"] == ""
        if record["measure"] == "drain_2":
            assert set(record["figures"]) == DRAIN_FIGURES
            assert record["figures"]["drain_2_per_second"] > 0
            assert record["figures"]["drain_2_repeated"] == 0
    assert report in output
    assert "| SQLite | Plimsoll" in report
    assert "0.9 × that without memory limits" in report
    assert "at most 2 % of a core" in report


def test_ctrl_c_leaves_what_was_measured_and_nothing_else(tmp_path: Path) -> None:
    arguments = ("--measures", "drain_1", "idle", "--task-count", "60", "--idle-seconds", "600")
    with start_bench(tmp_path, *arguments) as bench:
        assert bench.stdout is not None
        assert any("drain_1_per_second" in line for line in bench.stdout)
        process = psutil.Process(bench.pid)
        wait_for(lambda: has_cluster(process), 60, "the next measurement did not begin")
        processes = process.children(recursive=True)
        os.kill(bench.pid, signal.SIGINT)
        output, _ = bench.communicate(timeout=BENCH_SECONDS)
    assert bench.returncode == 130, output
    assert psutil.wait_procs(processes, timeout=0)[1] == []
    _, run = read_kept(tmp_path)
    assert [record["measure"] for record in run["records"]] == ["drain_1"]


def has_cluster(bench: psutil.Process) -> bool:
    return any("qcluster" in word for child in bench.children() for word in child.cmdline())


@pytest.mark.parametrize(
    ("argument", "word"),
    [("--systems=rocket", "rocket"), ("--rounds=none", "none"), ("--task-count=0", "0")],
)
def test_what_cannot_be_measured_is_refused_in_one_line(
    tmp_path: Path, argument: str, word: str
) -> None:
    with start_bench(tmp_path, argument) as bench:
        output, _ = bench.communicate(timeout=BENCH_SECONDS)
    assert bench.returncode == 2
    assert word in output.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []
