"""The processes of this project that run on this machine: gunicorn's and the clusters'."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from processing.memory.status import read_anonymous_bytes
from processing.memory.usage import read_proportional_bytes

WEB, WORKER = "web", "worker"
#: Words of the command lines of the Procfile's processes.
COMMANDS = {WEB: "python:project.gunicorn_conf", WORKER: "qcluster"}


@dataclass(frozen=True, kw_only=True)
class ProcessUsage:
    """One process: the type of the Procfile it belongs to, its own name, and what it holds."""

    pid: int
    type: str
    name: str
    proportional_bytes: int
    anonymous_bytes: int


def find_usages(folder: Path) -> list[ProcessUsage]:
    """What each process holds that was started in `folder`, and all that those have started.

    Processes of other users, which cannot be read, are left out.
    """
    found: dict[int, ProcessUsage] = {}
    for type_, root in _find_roots(folder):
        with suppress(psutil.Error):
            for process in [root, *root.children(recursive=True)]:
                with suppress(psutil.Error, OSError):
                    found.setdefault(process.pid, _measure(process, type_, root))
    return list(found.values())


def _find_roots(folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    """The first process of each web server and each cluster."""
    found: dict[int, tuple[str, psutil.Process]] = {}
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            type_ = name_type(process.cmdline())
            if type_ and Path(process.cwd()) == folder:
                found[process.pid] = type_, process
    for type_, process in found.values():
        with suppress(psutil.Error):
            if not any(parent.pid in found for parent in process.parents()):
                yield type_, process


def name_type(command: Sequence[str]) -> str | None:
    """The type of the Procfile's process that a command line starts; None for any other."""
    if not command or not Path(command[0]).name.startswith("python"):
        return None  # a shell that is to start it, an editor, ...
    return next((type_ for type_, word in COMMANDS.items() if word in command), None)


def _measure(process: psutil.Process, type_: str, root: psutil.Process) -> ProcessUsage:
    return ProcessUsage(
        pid=process.pid,
        type=type_,
        name=_name(process, type_, root),
        proportional_bytes=read_proportional_bytes(process.pid),
        anonymous_bytes=read_anonymous_bytes(process.pid),
    )


def _name(process: psutil.Process, type_: str, root: psutil.Process) -> str:
    """What a cluster's process calls itself; gunicorn's do not."""
    if type_ == WEB:
        return "master" if process == root else "process"
    return str(process.name()).removeprefix("q ")
