"""`python -m bench.load_line`, which `make bench-load-line` runs: bench/README.md tells what it
shows."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.load_line.options import Options, read_options
from bench.load_line.picture import draw_picture
from bench.load_line.report import write_report
from bench.load_line.run import run_system, run_upstream
from bench.load_line.systems.system import System
from bench.queue.errors import NotMeasured, Unavailable
from bench.queue.interpreters import Interpreters, read_version
from bench.queue.machine import describe_machine
from bench.queue.program import INTERRUPTED, open_folder
from bench.queue.stores.postgresql import Postgresql
from bench.queue.stores.sqlite import Sqlite
from bench.queue.stores.store import Kind


def main() -> int:
    options = read_options()
    with open_folder(options.folder, "load-line", is_kept=options.keeps_files) as (folder, stack):
        kind = make_kind(options, folder)
        stack.callback(kind.remove_all)
        if obstacle := kind.find_obstacle():
            print(obstacle, file=sys.stderr)
            return 1
        return measure(options, kind, folder)


def make_kind(options: Options, folder: Path) -> Kind:
    return Sqlite(folder) if options.store == "sqlite" else Postgresql(options.postgresql_url)


def measure(options: Options, kind: Kind, folder: Path) -> int:
    """Measure, show and keep; what was measured before a Ctrl-C is shown and kept too."""
    interpreters = Interpreters()
    run: dict[str, Any] = {
        "machine": describe_machine() | {"store": kind.describe()},
        "sizes": asdict(options.sizes),
        "systems": {},
    }
    status = 0
    try:
        for name, record in measure_each(options, kind, folder, interpreters):
            run["systems"][name] = record
    except KeyboardInterrupt:
        status = INTERRUPTED
        print("interrupted; this is what was measured until then")
    report = write_report(run)
    print(f"\n{report}")
    keep(options.folder, report, run, interpreters)
    return status


def measure_each(
    options: Options, kind: Kind, folder: Path, interpreters: Interpreters
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each system's record, or the reason why it has none."""
    with run_upstream(options.sizes.url_kb * 1000) as upstream:
        for system in options.systems:
            print(f"{time.strftime('%H:%M:%S')} {system.name}", flush=True)
            own_folder = folder / system.name
            own_folder.mkdir()
            record: dict[str, Any] = {"title": system.title.format(version="")}
            try:
                python = interpreters.find(system.interpreter)
                record["title"] = name_system(system, python)
                record |= run_system(system, python, kind, own_folder, upstream.url, options.sizes)
            except (NotMeasured, Unavailable) as reason:
                record["failure"] = str(reason)
                print(f"FAILED: {reason}", flush=True)
            if not options.keeps_files:
                shutil.rmtree(own_folder, ignore_errors=True)
            yield system.name, record


def name_system(system: System, python: Path) -> str:
    version = read_version(python, system.package) if system.package else ""
    return system.title.format(version=version)


def keep(folder: Path, report: str, run: dict[str, Any], interpreters: Interpreters) -> None:
    """Write load-line-TIME with .json, .md and, where it can be drawn, .png."""
    path = folder / time.strftime("load-line-%Y%m%d-%H%M%S")
    path.with_suffix(".md").write_text(report)
    path.with_suffix(".json").write_text(json.dumps(run))
    print(f"written: {path}.md and .json")
    try:
        draw_picture(interpreters.find("plot"), path.with_suffix(".json"), path.with_suffix(".png"))
        print(f"drawn: {path}.png")
    except (NotMeasured, Unavailable) as reason:
        print(f"not drawn: {reason}")


if __name__ == "__main__":
    sys.exit(main())
