"""`python -m bench.queue`, which `make bench` runs: bench/README.md tells what it measures."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from pathlib import Path

from bench.queue.contender import find_contenders
from bench.queue.interpreters import Interpreters
from bench.queue.machine import describe_machine
from bench.queue.options import Options, read_options
from bench.queue.program import Run, open_folder
from bench.queue.report import write_report
from bench.queue.stores.postgresql import Postgresql
from bench.queue.stores.redis import Redis
from bench.queue.stores.sqlite import Sqlite
from bench.queue.stores.store import Kind


def main() -> int:
    options = read_options()
    with open_folder(options.folder, "run") as (folder, stack):
        return measure(options, make_kinds(options, folder, stack), folder)


def make_kinds(options: Options, folder: Path, stack: ExitStack) -> list[Kind]:
    kinds: list[Kind] = [
        Sqlite(folder),
        Postgresql(options.postgresql_url),
        Redis(options.redis_url),
    ]
    chosen = [kind for kind in kinds if kind.name in options.kinds]
    for kind in chosen:
        stack.callback(kind.remove_all)
    return chosen


def measure(options: Options, kinds: Sequence[Kind], folder: Path) -> int:
    contenders, skipped = find_contenders(options.systems, kinds, Interpreters())
    used = {contender.kind.name: contender.kind for contender in contenders}
    machine = describe_machine() | asdict(options.sizes)
    machine["stores"] = [kind.describe() for kind in used.values()]
    run = Run(
        bench="queue",
        contenders=contenders,
        skipped=skipped,
        measures=options.measures,
        sizes=options.sizes,
        machine=machine,
        write_report=partial(write_report, machine, contenders, skipped),
    )
    return run.measure(folder, options.folder)


if __name__ == "__main__":
    sys.exit(main())
