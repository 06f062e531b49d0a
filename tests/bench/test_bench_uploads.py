"""The bench of uploads, as `make bench-uploads` starts it, on so little that its figures mean
nothing."""

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

LITTLE = ("--one-mb", "3", "--many-count", "2", "--many-mb", "1", "--stalled-count", "4")
LITTLE += ("--stalled-seconds", "0.3")


@contextmanager
def start_bench(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """It is gone behind the block, and so are its processes."""
    command = [sys.executable, "-m", "bench.uploads", "--quick", "--folder", str(folder)]
    with subprocess.Popen(
        [*command, *LITTLE, *arguments],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as bench:
        try:
            yield bench
        finally:
            bench.terminate()


def read_kept(folder: Path) -> tuple[str, dict[str, Any]]:
    """The report and the figures; nothing else may be left, no upload either."""
    report, figures = sorted(folder.iterdir(), key=lambda path: path.suffix, reverse=True)
    assert (report.suffix, figures.suffix) == (".md", ".json")
    run: dict[str, Any] = json.loads(figures.read_text())
    return report.read_text(), run


def list_taken(run: dict[str, Any]) -> set[tuple[str, str]]:
    """What was measured, by contender and measure."""
    assert not any(record["failure"] for record in run["records"]), run["records"]
    return {(record["contender"], record["measure"]) for record in run["records"]}


def test_forms_are_measured_beside_others_and_beside_the_sender(tmp_path: Path) -> None:
    systems = ("plimsoll", "django_hash", "bare_hash", "sink")
    measures = ("multipart_one", "multipart_many")
    with start_bench(tmp_path, "--systems", *systems, "--measures", *measures) as bench:
        output, _ = bench.communicate(timeout=BENCH_SECONDS)
    assert bench.returncode == 0, output
    report, run = read_kept(tmp_path)
    assert list_taken(run) == {(name, measure) for name in systems for measure in measures}
    for record in run["records"]:
        seconds, cpu_seconds, added_mb = record["figures"].values()
        assert seconds > 0
        assert cpu_seconds >= 0
        assert added_mb < 200
    assert report in output
    assert "multipart/form-data: Plimsoll is better than" in report
    assert "2 × 1 MB add at most 30 MiB" in report


def test_files_without_a_form_are_measured(tmp_path: Path) -> None:
    arguments = ("--systems", "bare", "bare_hash", "sink", "--measures", "raw_one", "raw_many")
    with start_bench(tmp_path, *arguments) as bench:
        output, _ = bench.communicate(timeout=BENCH_SECONDS)
    assert bench.returncode == 0, output
    report, run = read_kept(tmp_path)
    assert len(list_taken(run)) == 6
    assert "as fast as the fastest server here" in report


def test_small_posts_are_answered_while_uploads_stall(tmp_path: Path) -> None:
    arguments = ("--systems", "plimsoll", "django", "--measures", "stalled")
    with start_bench(tmp_path, *arguments) as bench:
        output, _ = bench.communicate(timeout=BENCH_SECONDS)
    assert bench.returncode == 0, output
    report, run = read_kept(tmp_path)
    assert list_taken(run) == {("plimsoll", "stalled"), ("django", "stalled")}
    for record in run["records"]:
        assert record["figures"]["stalled_held"] == 4
        assert 0 < record["figures"]["stalled_post_slowest_ms"] < 10_000
    assert "a small post is answered within 1 s" in report


def test_ctrl_c_leaves_what_was_measured_and_nothing_else(tmp_path: Path) -> None:
    arguments = ("--systems", "sink", "plimsoll", "--stalled-seconds", "600")
    arguments += ("--measures", "multipart_one", "stalled")
    with start_bench(tmp_path, *arguments) as bench:
        process = psutil.Process(bench.pid)
        assert bench.stdout is not None
        assert any("sink" in line for line in bench.stdout)
        wait_for(lambda: has_web(process), 60, "the next measurement did not begin")
        processes = process.children(recursive=True)
        os.kill(bench.pid, signal.SIGINT)
        output, _ = bench.communicate(timeout=BENCH_SECONDS)
    assert bench.returncode == 130, output
    assert psutil.wait_procs(processes, timeout=0)[1] == []
    _, run = read_kept(tmp_path)
    assert {record["measure"] for record in run["records"]} == {"multipart_one"}


def has_web(bench: psutil.Process) -> bool:
    return any("project.asgi" in word for child in bench.children() for word in child.cmdline())


@pytest.mark.parametrize(
    ("argument", "word"),
    [("--systems=rocket", "rocket"), ("--rounds=none", "none"), ("--one-mb=0", "0")],
)
def test_what_cannot_be_measured_is_refused_in_one_line(
    tmp_path: Path, argument: str, word: str
) -> None:
    with start_bench(tmp_path, argument) as bench:
        output, _ = bench.communicate(timeout=BENCH_SECONDS)
    assert bench.returncode == 2
    assert word in output.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []
