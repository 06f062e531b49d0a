"""One system under dyno, from a fresh database to its record."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.load_line.drain import wait_for_ends
from bench.load_line.dyno import R14, R15, DynoRun, run_dyno
from bench.load_line.judge import count_unfinished, judge
from bench.load_line.place import Place, fill, make_environment, migrate
from bench.load_line.probes import Probe, probe
from bench.load_line.sizes import Sizes
from bench.load_line.systems.system import System
from bench.queue.errors import NotMeasured
from bench.queue.measures.growth import find_free_port
from bench.queue.module import run_module
from bench.queue.stores.store import Kind

#: What the load may take beyond its time: its start, and its last requests.
LOAD_EXTRA_SECONDS = 120.0


@dataclass(frozen=True, kw_only=True)
class Upstream:
    """A running one."""

    pid: int
    port: int
    answer_bytes: int
    """With the head."""

    @property
    def url(self) -> str:
        """Without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def run_upstream(body_bytes: int, delay_ms: int = 0) -> Iterator[Upstream]:
    """The server that the fan-outs ask; it answers after so long, with so much."""
    arguments = (str(body_bytes), str(delay_ms))
    with run_module("bench.load_line.upstream", *arguments, stdin=subprocess.PIPE) as process:
        assert process.stdout is not None
        port, answer_bytes = map(int, process.stdout.readline().split())
        yield Upstream(pid=process.pid, port=port, answer_bytes=answer_bytes)


def run_system(
    system: System, python: Path, kind: Kind, folder: Path, upstream: str, sizes: Sizes
) -> dict[str, Any]:
    """Its record. Raises NotMeasured when it could not be started or stopped."""
    if not system.migrate:
        return run_in(Place(folder=folder, url=""), system, python, upstream, sizes)

    def prepare(url: str) -> None:
        place = Place(folder=folder, url=url)
        migrate(system.migrate, python, make_environment(system.environment, python, place))

    with kind.lend(system.name, prepare) as store:
        return run_in(Place(folder=folder, url=store.url), system, python, upstream, sizes)


def run_in(
    place: Place, system: System, python: Path, upstream: str, sizes: Sizes
) -> dict[str, Any]:
    environment = make_environment(system.environment, python, place)
    commands = [f"{name}: {fill(text, python, place)}" for name, text in system.procfile.items()]
    (place.folder / "Procfile").write_text("\n".join(commands))
    accepted = place.folder / "accepted"
    with run_dyno(place.folder, system.formation, environment, find_free_port()) as run:
        run.wait_until_up()
        began_at = time.time()
        with probe(run.port) as probes:
            load = run_load(f"http://127.0.0.1:{run.port}", upstream, accepted, sizes)
            load_seconds = time.time() - began_at
            drain_seconds, stopped_for = wait_for_ends(
                lambda: count_unfinished(accepted, system.read_ends(place)), sizes
            )
        run.stop()
    return {
        "began_at": began_at,
        "load_seconds": load_seconds,
        "drain_seconds": drain_seconds,
        "drain_stopped_for": stopped_for,
        **load,
        "health": [describe_probe(each) for each in probes],
        "jobs": judge(accepted, system.read_ends(place)).as_json(),
        **read_dyno(run, began_at),
    }


def run_load(url: str, upstream: str, accepted: Path, sizes: Sizes) -> dict[str, Any]:
    """The load in a process of its own; its lines are shown as they come."""
    arguments = [url, upstream, str(accepted), json.dumps(asdict(sizes))]
    last = ""
    with run_module("bench.load_line.load", *arguments) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if last:
                print(last, flush=True)
            last = line.rstrip("\n")
        status = process.wait(LOAD_EXTRA_SECONDS)
    if status:
        raise NotMeasured(f"the load ended with {status}: its reason is above")
    figures: dict[str, Any] = json.loads(last)
    return figures


def describe_probe(asked: Probe) -> dict[str, Any]:
    return asdict(asked)


def read_dyno(run: DynoRun, began_at: float) -> dict[str, Any]:
    """What dyno saw: each dyno with its errors and its curve."""
    summary = run.read_summary()
    curves = run.read_curves(began_at)
    r14, r15 = list(run.read_lines(R14)), list(run.read_lines(R15))
    dynos = []
    for dyno in summary["dynos"]:
        name = dyno["name"]
        exceeded = dyno["peak_bytes"] > dyno["quota_bytes"]
        dynos.append(
            {
                **dyno,
                "exit": 15 if dyno["kills"] else 14 if exceeded else 0,
                "r14_lines": sum(who == name for who, _ in r14),
                "r15_lines": sum(who == name for who, _ in r15),
                "killed_at": [round(when - began_at, 2) for who, when in r15 if who == name],
                "curve": curves.get(name, []),
            }
        )
    return {**summary, "dynos": dynos}
