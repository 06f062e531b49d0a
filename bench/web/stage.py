"""The stage of one measurement: a fresh folder, and a web process in it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic

from bench.load_line.place import Place, make_environment, migrate
from bench.queue.measures.growth import (
    POLL_SECONDS,
    START_SECONDS,
    find_free_port,
    is_listening,
)
from bench.queue.stage import LOG_TAIL
from bench.queue.stores.sqlite import Sqlite
from bench.queue.waiting import wait_until
from bench.queue.workers import Workers, run_processes
from bench.web.memory import read_held_bytes
from bench.web.systems.system import S

#: What follows the warm-up is over after so long.
SETTLE_SECONDS = 0.5


@dataclass(frozen=True, kw_only=True)
class Web:
    """A running web process that has been warmed up and rests."""

    port: int
    workers: Workers
    idle_bytes: int


@dataclass(frozen=True, kw_only=True)
class Stage(Generic[S]):
    """A system in a folder of its own."""

    system: S
    python: Path
    place: Place

    @property
    def log(self) -> Path:
        """What the web process prints."""
        return self.place.folder / "log"

    def read_log(self) -> str:
        """The end of it."""
        return self.log.read_text(errors="replace")[-LOG_TAIL:] if self.log.exists() else ""

    @contextmanager
    def run_web(self, warm_up: Callable[[int], None]) -> Iterator[Web]:
        """The web process; it does not outlive the block.

        `warm_up(port)` sends it what brings its imports and buffers.
        """
        port = find_free_port()
        command = [word.format(port=port) for word in self.system.command]
        environment = make_environment(self.system.environment, self.python, self.place)
        further = {"HOST": "127.0.0.1", "PORT": str(port)}
        with run_processes(self.python, [command], environment | further, self.log) as workers:
            wait_until(
                lambda: is_listening(port),
                seconds=START_SECONDS,
                poll_seconds=POLL_SECONDS,
                what="the web process's port",
            )
            warm_up(port)
            time.sleep(SETTLE_SECONDS)
            yield Web(port=port, workers=workers, idle_bytes=read_held_bytes(workers.roots))


@contextmanager
def set_stage(system: S, python: Path, folder: Path, kind: Sqlite) -> Iterator[Stage[S]]:
    """A fresh folder, with a fresh database where the system has one.

    All of it is removed, so that what has not reached the disk yet never does, and the next
    measurement finds as much room, in memory too, as this one.
    """
    own = folder / system.name
    own.mkdir()
    try:
        if not system.migrate:
            yield Stage(system=system, python=python, place=Place(folder=own, url=""))
            return

        def prepare(url: str) -> None:
            place = Place(folder=own, url=url)
            migrate(system.migrate, python, make_environment(system.environment, python, place))

        with kind.lend(system.name, prepare) as store:
            yield Stage(system=system, python=python, place=Place(folder=own, url=store.url))
    finally:
        shutil.rmtree(own, ignore_errors=True)
