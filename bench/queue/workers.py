"""The processes of a running system."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.queue.interpreters import ROOT
from bench.queue.trees import list_tree, measure_cpu_seconds, stop_tree


@dataclass(frozen=True, kw_only=True)
class Workers:
    """The processes of a running system."""

    roots: list[int]

    def list_processes(self) -> list[psutil.Process]:
        """All of them that are alive."""
        return list_tree(self.roots)

    def measure_cpu_seconds(self) -> float:
        """What those that are alive have used since they started."""
        return sum(measure_cpu_seconds(self.list_processes()).values())


@contextmanager
def run_processes(
    python: Path, commands: Sequence[Sequence[str]], environment: Mapping[str, str], log: Path
) -> Iterator[Workers]:
    """Each command, given without the interpreter, in a session of its own; what they print goes to
    `log`. They do not outlive the block."""
    processes: list[subprocess.Popen[bytes]] = []
    try:
        with log.open("wb") as output:
            for arguments in commands:
                processes.append(
                    subprocess.Popen(  # noqa: S603  (those of our systems)
                        [python, *arguments],
                        cwd=ROOT,
                        env=environment,
                        stdin=subprocess.DEVNULL,
                        stdout=output,
                        stderr=subprocess.STDOUT,
                        start_new_session=True,
                    )
                )
        yield Workers(roots=[process.pid for process in processes])
    finally:
        stop_tree([process.pid for process in processes])
        for process in processes:
            process.poll()
