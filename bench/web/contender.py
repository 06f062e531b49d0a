"""A contender: one system, with the interpreter that it runs with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic

from bench.queue.errors import Unavailable
from bench.queue.interpreters import Interpreters, read_version
from bench.queue.stores.sqlite import Sqlite
from bench.web.stage import Stage, set_stage
from bench.web.systems.system import S


@dataclass(frozen=True, kw_only=True)
class Contender(Generic[S]):
    """What has a row in the tables. `kind` makes its databases, if it has any."""

    system: S
    python: Path
    version: str
    kind: Sqlite

    @property
    def key(self) -> str:
        """Such as "plimsoll"."""
        return self.system.name

    @property
    def title(self) -> str:
        """Such as "Flask 3.1.3, gthread, SHA-256"."""
        return self.system.title.format(version=self.version)

    @contextmanager
    def set_stage(self, folder: Path) -> Iterator[Stage[S]]:
        """A fresh folder; it is removed after the measurement."""
        with set_stage(self.system, self.python, folder, self.kind) as stage:
            yield stage


def find_contenders(
    systems: Sequence[S], kind: Sqlite, interpreters: Interpreters
) -> tuple[list[Contender[S]], list[str]]:
    """Those that can be measured here, and for each that can't a line that says why."""
    contenders: list[Contender[S]] = []
    skipped: list[str] = []
    for system in systems:
        try:
            python = interpreters.find(system.interpreter)
        except Unavailable as reason:
            skipped.append(f"{system.name}: {reason}")
            continue
        version = read_version(python, system.package) if system.package else ""
        contenders.append(Contender(system=system, python=python, version=version, kind=kind))
    return contenders, skipped
