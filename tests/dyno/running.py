"""`manage.py dyno` as a process: what it prints, its signals, and what it leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import psutil

from processing.dyno.cgroup import find_place
from tests.service import DEFAULTS, ROOT, make_environment, wait_for

END_SECONDS = 60.0
GROW = str(Path(__file__).with_name("grow.py"))


@cache
def find_cgroup_place() -> Path | None:
    """Where groups can be made here, if anywhere."""
    place = find_place()
    return place[0] if place else None


def grow(megabytes: int, how: str = "self") -> list[str]:
    """The command that holds so much memory."""
    return ["--", sys.executable, GROW, str(megabytes), how]


@dataclass(frozen=True, kw_only=True)
class DynoRun:
    """One run of the command, with its two kinds of output in files."""

    process: subprocess.Popen[bytes]
    folder: Path

    @property
    def out(self) -> str:
        return (self.folder / "out").read_text()

    @property
    def err(self) -> str:
        return (self.folder / "err").read_text()

    @property
    def dynos(self) -> list[dict[str, Any]]:
        """The summary of --json."""
        return list(json.loads(self.out)["dynos"])

    def wait_for_text(self, text: str) -> None:
        """Wait until it was printed."""
        wait_for(lambda: text in self.out + self.err, END_SECONDS, f"{text!r} in the output")

    def wait(self) -> int:
        """The exit status."""
        return self.process.wait(END_SECONDS)

    def find_members(self) -> list[psutil.Process]:
        """All that it started and that runs."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)


@contextmanager
def run_dyno(
    folder: Path, *arguments: str, env: Mapping[str, str] | None = None
) -> Iterator[DynoRun]:
    """Start it; whatever happens, nothing is left."""
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "dyno", *arguments],
            cwd=ROOT,
            env=env or make_environment(**DEFAULTS),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
    run = DynoRun(process=process, folder=folder)
    try:
        yield run
    finally:
        with suppress(psutil.NoSuchProcess):
            for member in run.find_members():
                with suppress(psutil.NoSuchProcess):
                    member.kill()
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
        process.wait(END_SECONDS)
