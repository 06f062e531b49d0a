"""`manage.py dyno` around a system: started, watched for its lines, stopped, read."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.load_line.probes import find_failure
from bench.queue.errors import NotMeasured
from bench.queue.interpreters import ROOT
from bench.queue.trees import stop_tree

QUOTA = "512M"
START_SECONDS = 60.0
START_POLL_SECONDS = 0.1
#: dyno gives its processes 30 s, as Heroku does.
STOP_SECONDS = 60.0
#: How much of a log an error shows, in characters.
LOG_TAIL = 4_000
#: The curves have the highest usage of each such span, in seconds.
SPAN_SECONDS = 0.5

R14, R15 = "Error R14", "Error R15"
HEROKU_LINE = re.compile(r"(\S+) heroku\[(\S+)\]: (.*)")


@dataclass(kw_only=True)
class DynoRun:
    """One run of the command with its files in `folder`."""

    process: subprocess.Popen[bytes]
    folder: Path
    port: int

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def wait_until_up(self) -> None:
        """Return when /healthz answers. Raises NotMeasured with the end of the log."""
        deadline = time.monotonic() + START_SECONDS
        while find_failure(self.port, "/healthz"):
            if not self.is_running or time.monotonic() > deadline:
                raise NotMeasured(f"/healthz did not answer\n{self.read_log_tail()}")
            time.sleep(START_POLL_SECONDS)

    def stop(self) -> None:
        """End it as Ctrl-C does; what it prints at its end is in its files then."""
        if self.is_running:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                raise NotMeasured(f"dyno did not stop\n{self.read_log_tail()}") from None

    def read_log_tail(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[-LOG_TAIL:]

    def read_summary(self) -> dict[str, Any]:
        """What --json printed. Raises NotMeasured where there is none."""
        try:
            summary: dict[str, Any] = json.loads((self.folder / "summary").read_text())
        except ValueError:
            raise NotMeasured(f"dyno gave no summary\n{self.read_log_tail()}") from None
        return summary

    def read_lines(self, error: str) -> Iterator[tuple[str, float]]:
        """For each line of that error: the dyno, and when, in seconds since 1970."""
        with (self.folder / "log").open(errors="replace") as log:
            for line in log:
                if (found := HEROKU_LINE.match(line)) and found[3].startswith(error):
                    yield found[2], datetime.fromisoformat(found[1]).timestamp()

    def read_curves(self, began_at: float) -> dict[str, list[tuple[float, int]]]:
        """Each dyno's usage: seconds since `began_at`, bytes."""
        curves: dict[str, dict[int, int]] = {}
        with (self.folder / "usage.csv").open(newline="") as file:
            for row in csv.DictReader(file):
                seconds = datetime.fromisoformat(row["time"]).timestamp() - began_at
                span, curve = int(seconds // SPAN_SECONDS), curves.setdefault(row["dyno"], {})
                curve[span] = max(curve.get(span, 0), int(row["usage_bytes"]))
        return {
            name: [(span * SPAN_SECONDS, size) for span, size in sorted(curve.items())]
            for name, curve in curves.items()
        }


@contextmanager
def run_dyno(
    folder: Path, formation: tuple[str, ...], environment: Mapping[str, str], port: int
) -> Iterator[DynoRun]:
    """The command under QUOTA; it and all that it started are gone behind the block."""
    command = [sys.executable, "manage.py", "dyno", *formation, "--quota", QUOTA, "--json"]
    command += ["--csv", str(folder / "usage.csv")]
    with (folder / "summary").open("wb") as summary, (folder / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  (our own command)
            command,
            cwd=ROOT,
            env={**environment, "PORT": str(port)},
            stdin=subprocess.DEVNULL,
            stdout=summary,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield DynoRun(process=process, folder=folder, port=port)
    finally:
        stop_tree([process.pid])
        process.wait()
