"""The stage of one measurement: a fresh store, workers on it, and a child that sends to them."""

from __future__ import annotations

import json
import os
import select
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.queue.child import READY
from bench.queue.errors import NotMeasured
from bench.queue.interpreters import ROOT
from bench.queue.stores.store import Store
from bench.queue.systems.system import System
from bench.queue.tasks import MARKS_VARIABLE
from bench.queue.workers import Workers, run_processes

#: For a child's whole work; the longest is a backlog of MOST_BACKLOG tasks.
CHILD_SECONDS = 300.0
#: How much of a log an error shows, in characters.
LOG_TAIL = 2_000


@dataclass(frozen=True, kw_only=True)
class Stage:
    """`store` is None while it is being prepared."""

    system: System
    python: Path
    folder: Path
    url: str
    kind: str
    """The kind of store: "sqlite", "postgresql" or "redis"."""

    store: Store | None

    @property
    def marks(self) -> Path:
        """The file that the tasks write to."""
        return self.folder / "marks"

    @property
    def log(self) -> Path:
        """What the workers print."""
        return self.folder / f"{self.system.name}.log"

    def read_log(self) -> str:
        """The end of what the workers printed."""
        return self.log.read_text(errors="replace")[-LOG_TAIL:] if self.log.exists() else ""

    def count_runs(self) -> int:
        """How often a no-op has run."""
        return self.marks.stat().st_size

    def count_results(self) -> int:
        """How many results are saved."""
        assert self.store is not None
        return self.store.count(self.system.results[self.kind])


def make_environment(stage: Stage) -> dict[str, str]:
    """A clean environment: nothing of the developer's own settings reaches a system."""
    places = {"url": stage.url, "folder": str(stage.folder)}
    own = {name: value.format(**places) for name, value in stage.system.environment.items()}
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(stage.folder),
        "BENCH_STORE_URL": stage.url,
        MARKS_VARIABLE: str(stage.marks),
        **own,
    }


def run_child(stage: Stage, action: str, *numbers: int, app: str = "") -> Any:
    """What an action of bench.queue.child answers. Raises NotMeasured with what it printed."""
    with start_child(stage, action, *numbers, app=app) as child:
        return read_child(child)


@contextmanager
def start_child(
    stage: Stage, action: str, *numbers: int, app: str = ""
) -> Iterator[subprocess.Popen[str]]:
    """A child at work, with the system's own app or another; it does not outlive the block."""
    module = app or stage.system.app
    child = subprocess.Popen(  # noqa: S603  (our own commands)
        [stage.python, "-m", "bench.queue.child", module, action, *map(str, numbers)],
        cwd=ROOT,
        env=make_environment(stage),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def await_ready(child: subprocess.Popen[str]) -> None:
    """Return when the child has said READY. Raises NotMeasured with what it printed instead."""
    assert child.stdout is not None
    ready, _, _ = select.select([child.stdout], [], [], CHILD_SECONDS)
    if not ready or child.stdout.readline().strip() != READY:
        child.kill()
        raise NotMeasured(f"a child did not get ready: {child.communicate()[1][-LOG_TAIL:]}")


def release(child: subprocess.Popen[str]) -> None:
    """Let a child that is ready begin."""
    assert child.stdin is not None
    child.stdin.write("\n")
    child.stdin.flush()


def read_child(child: subprocess.Popen[str]) -> Any:
    """Its answer, when it has ended."""
    try:
        output, errors = child.communicate(timeout=CHILD_SECONDS)
    except subprocess.TimeoutExpired:
        raise NotMeasured(f"a child did not end within {CHILD_SECONDS:g} s") from None
    if child.returncode:
        raise NotMeasured(f"a child failed: {errors[-LOG_TAIL:]}")
    return json.loads(output.splitlines()[-1])


@contextmanager
def run_workers(stage: Stage, seats: int) -> Iterator[Workers]:
    """`seats` workers of the system; they do not outlive the block."""
    with run_command(stage, stage.system.workers(seats), {"BENCH_SEATS": str(seats)}) as workers:
        yield workers


@contextmanager
def run_command(
    stage: Stage, commands: list[list[str]], further: Mapping[str, str]
) -> Iterator[Workers]:
    """Each command, given without the interpreter, in a session of its own."""
    environment = {**make_environment(stage), **further}
    with run_processes(stage.python, commands, environment, stage.log) as workers:
        yield workers
