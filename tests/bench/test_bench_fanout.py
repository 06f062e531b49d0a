"""The bench of fan-outs, as `make bench-fanout` starts it, on so little that its figures mean
nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
BENCH_SECONDS = 120.0

LITTLE = ("--seconds", "0.2", "--url-count", "3", "--delay-ms", "5", "--small-kb", "1")
LITTLE += ("--large-kb", "50", "--few-clients", "2", "--many-clients", "4")


def run_bench(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bench.fanout", "--quick", "--folder", str(folder)]
    return subprocess.run(
        [*command, *LITTLE, *arguments],
        cwd=ROOT,
        text=True,
        capture_output=True,
        timeout=BENCH_SECONDS,
    )


def read_kept(folder: Path) -> tuple[str, dict[str, Any]]:
    """The report and the figures; nothing else may be left."""
    report, figures = sorted(folder.iterdir(), key=lambda path: path.suffix, reverse=True)
    assert (report.suffix, figures.suffix) == (".md", ".json")
    run: dict[str, Any] = json.loads(figures.read_text())
    return report.read_text(), run


def test_plimsoll_is_measured_beside_others_and_beside_the_upstream(tmp_path: Path) -> None:
    systems = ("plimsoll", "httpx", "aiohttp", "upstream")
    bench = run_bench(tmp_path, "--systems", *systems, "--measures", "few")
    assert bench.returncode == 0, bench.stderr
    report, run = read_kept(tmp_path)
    assert {record["contender"] for record in run["records"]} == set(systems)
    for record in run["records"]:
        figures = record["figures"]
        assert figures["few_accepted"] > 0, record
        assert figures["few_failed"] == figures["few_refused"] == 0
        assert 5 <= figures["few_p50_ms"] <= figures["few_p99_ms"]
        assert figures["few_upstream_cpu_percent"] >= 0
    assert report in bench.stdout
    assert "Plimsoll is better than" in report
    assert "within 1.25 × of plain aiohttp" in report
    assert "the upstream alone gives 1.5 ×" in report
    assert "round 1/1 few" in bench.stderr


def test_the_memory_of_large_answers_is_judged(tmp_path: Path) -> None:
    bench = run_bench(tmp_path, "--systems", "plimsoll", "--measures", "large")
    assert bench.returncode == 0, bench.stderr
    report, run = read_kept(tmp_path)
    (record,) = run["records"]
    assert record["figures"]["large_accepted"] > 0
    assert record["figures"]["large_added_mb"] < 100
    assert "they add at most 40 MiB" in report


@pytest.mark.parametrize(
    ("argument", "word"),
    [("--systems=rocket", "rocket"), ("--rounds=none", "none"), ("--url-count=0", "0")],
)
def test_what_cannot_be_measured_is_refused_in_one_line(
    tmp_path: Path, argument: str, word: str
) -> None:
    bench = run_bench(tmp_path, argument)
    assert bench.returncode == 2
    assert word in bench.stderr.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []
