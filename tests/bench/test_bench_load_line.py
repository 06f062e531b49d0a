"""The bench of the load line, as `make bench-load-line` starts it, with a few seconds of load."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from tests.service import wait_for

ROOT = Path(__file__).resolve().parents[2]
BENCH_SECONDS = 180.0

#: Twenty jobs, two hogs among them.
LITTLE = ("--seconds", "3", "--post-count", "20", "--post-clients", "4", "--upload-clients", "1")
LITTLE += ("--upload-kb", "500", "--fanout-clients", "1", "--url-count", "3", "--url-kb", "100")


@contextmanager
def start_bench(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """It is gone behind the block, and so are its processes."""
    command = [sys.executable, "-m", "bench.load_line", "--quick", "--folder", str(folder)]
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


def read_run(folder: Path) -> dict[str, Any]:
    """The figures that were kept; beside them are the report and the picture, and nothing else."""
    kept = {path.suffix: path for path in folder.iterdir()}
    assert set(kept) <= {".json", ".md", ".png"}
    run: dict[str, Any] = json.loads(kept[".json"].read_text())
    return run


def test_two_systems_are_loaded_judged_shown_and_drawn(tmp_path: Path) -> None:
    arguments = ("--systems", "plimsoll", "stock", "--stall-seconds", "4", "--drain-seconds", "25")
    with start_bench(tmp_path, *arguments) as bench:
        output, _ = bench.communicate(timeout=BENCH_SECONDS)

    assert bench.returncode == 0, output
    systems = read_run(tmp_path)["systems"]
    assert set(systems) == {"plimsoll", "stock"}
    for record in systems.values():
        check_books(record)
        check_dynos(record)
    assert next(tmp_path.glob("*.md")).read_text() in output
    assert next(tmp_path.glob("*.png")).read_bytes().startswith(b"\x89PNG")
    # A hog without a limit takes its dyno down, and that it is not done is not called an end.
    worker = systems["stock"]["dynos"][1]
    assert (worker["exit"], worker["kills"] > 0) == (15, True)
    assert systems["stock"]["jobs"]["waiting"] > 0
    hogs = [count for kind, count in systems["stock"]["jobs"]["kinds"].items() if "hog" in kind]
    assert [count["right"] for count in hogs] == [0] * len(hogs)


def check_books(record: dict[str, Any]) -> None:
    """Every accepted request has a job, and every job one end or none."""
    jobs, requests = record["jobs"], record["requests"]
    assert jobs["accepted"] == requests["posts"]["accepted"] + requests["uploads"]["accepted"] > 0
    assert requests["fan-outs"]["accepted"] > 0
    parts = (jobs["right"], jobs["wrong"], jobs["waiting"], jobs["lost"])
    assert sum(parts) == jobs["accepted"]
    for count in jobs["kinds"].values():
        ended = count["right"] + sum(count["wrong"].values())
        assert ended + count["unfinished"] == count["accepted"]
    assert record["drain_stopped_for"] or not jobs["waiting"] + jobs["lost"]
    assert all(probe["asked"] > 0 for probe in record["health"])


def check_dynos(record: dict[str, Any]) -> None:
    """Peaks, errors and curves tell the same story."""
    assert [dyno["name"] for dyno in record["dynos"]] == ["web.1", "worker.1"]
    for dyno in record["dynos"]:
        exceeded = dyno["peak_bytes"] > dyno["quota_bytes"]
        assert dyno["exit"] == (15 if dyno["kills"] else 14 if exceeded else 0)
        assert dyno["kills"] == dyno["r15_lines"] == len(dyno["killed_at"])
        assert max(size for _, size in dyno["curve"]) == dyno["peak_bytes"] > 0
    assert record["exit_status"] == max(dyno["exit"] for dyno in record["dynos"])


def test_ctrl_c_ends_the_service_and_the_load(tmp_path: Path) -> None:
    with start_bench(tmp_path, "--systems", "plimsoll", "--seconds", "600") as bench:
        process = psutil.Process(bench.pid)
        wait_for(lambda: has_load(process), 60, "the load did not begin")
        processes = process.children(recursive=True)
        os.kill(bench.pid, signal.SIGINT)
        output, _ = bench.communicate(timeout=BENCH_SECONDS)

    assert bench.returncode == 130, output
    assert psutil.wait_procs(processes, timeout=0)[1] == []
    assert read_run(tmp_path)["systems"] == {}


def has_load(bench: psutil.Process) -> bool:
    return any("bench.load_line.load" in read_command(child) for child in bench.children())


def read_command(process: psutil.Process) -> list[str]:
    with suppress(psutil.Error):
        return process.cmdline()
    return []
