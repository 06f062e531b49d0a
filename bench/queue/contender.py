"""A contender: one system on one kind of store, with the interpreter that it runs with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench.queue.errors import Unavailable
from bench.queue.interpreters import Interpreters, read_version
from bench.queue.stage import Stage, run_child
from bench.queue.stores.store import Kind
from bench.queue.systems.system import System


@dataclass(frozen=True, kw_only=True)
class Contender:
    """What can be measured on its own and has a row in the tables."""

    system: System
    kind: Kind
    python: Path
    version: str

    @property
    def key(self) -> str:
        """Such as "plimsoll@sqlite"."""
        return f"{self.system.name}@{self.kind.name}"

    @property
    def title(self) -> str:
        """Such as "Celery 5.7.0"."""
        return f"{self.system.title} {self.version}".strip()

    @contextmanager
    def set_stage(self, folder: Path) -> Iterator[Stage]:
        """A fresh store and an empty file of marks; both are removed after the measurement."""
        stage = Stage(
            system=self.system,
            python=self.python,
            folder=folder,
            url="",
            kind=self.kind.name,
            store=None,
        )

        def prepare(url: str) -> None:
            run_child(replace(stage, url=url), "prepare")

        with self.kind.lend(self.system.name, prepare) as store:
            stage.marks.write_bytes(b"")
            yield replace(stage, url=store.url, store=store)


def find_contenders(
    systems: Sequence[System], kinds: Sequence[Kind], interpreters: Interpreters
) -> tuple[list[Contender], list[str]]:
    """Those that can be measured here, and for each that can't a line that says why."""
    contenders, skipped = [], []
    obstacles = {kind.name: kind.find_obstacle() for kind in kinds}
    for system in systems:
        for kind in kinds:
            if kind.name not in system.stores:
                continue
            try:
                contenders.append(find_contender(system, kind, obstacles[kind.name], interpreters))
            except Unavailable as reason:
                skipped.append(f"{system.title} on {kind.title}: {reason}")
    return contenders, skipped


def find_contender(
    system: System, kind: Kind, obstacle: str | None, interpreters: Interpreters
) -> Contender:
    if obstacle:
        raise Unavailable(obstacle)
    python = interpreters.find(system.interpreter)
    version = read_version(python, system.package) if system.package else ""
    return Contender(system=system, kind=kind, python=python, version=version)
