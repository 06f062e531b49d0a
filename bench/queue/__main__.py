"""`python -m bench.queue`, which `make bench` runs: bench/README.md tells what it measures."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.queue.contender import Contender, find_contenders
from bench.queue.interpreters import Interpreters
from bench.queue.machine import describe_machine
from bench.queue.options import Options, read_options
from bench.queue.records import Record, Records
from bench.queue.report import write_report
from bench.queue.run import run_rounds
from bench.queue.stores.postgresql import Postgresql
from bench.queue.stores.redis import Redis
from bench.queue.stores.sqlite import Sqlite
from bench.queue.stores.store import Kind
from bench.queue.trees import kill_descendants
from processing.dyno.process_tree import adopt_orphans

INTERRUPTED = 130


def main() -> int:
    options = read_options()
    options.folder.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, stop)
    adopt_orphans()
    with ExitStack() as stack:
        stack.callback(kill_descendants)
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=options.folder))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        return measure(options, make_kinds(options, folder, stack), folder)


def stop(number: int, frame: Any) -> None:
    """SIGTERM is like Ctrl-C."""
    raise KeyboardInterrupt


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
    """Measure, show and keep; what was measured before a Ctrl-C is shown and kept too."""
    contenders, skipped = find_contenders(options.systems, kinds, Interpreters())
    for line in skipped:
        print(f"skipped: {line}")
    if not contenders:
        print("nothing is left to be measured", file=sys.stderr)
        return 1
    used = {contender.kind.name: contender.kind for contender in contenders}
    machine = describe_machine() | asdict(options.sizes)
    machine["stores"] = [kind.describe() for kind in used.values()]
    records = Records()
    status = 0
    try:
        for record in run_rounds(contenders, options.measures, options.sizes, folder):
            records.add(record)
            show_progress(record, options.sizes.rounds)
    except KeyboardInterrupt:
        status = INTERRUPTED
        print("interrupted; this is what was measured until then")
    report = write_report(machine, contenders, skipped, records)
    print(f"\n{report}")
    keep(options.folder, report, describe_run(machine, contenders, skipped, records))
    return status


def show_progress(record: Record, rounds: int) -> None:
    shown = " ".join(f"{name}={value:,.1f}" for name, value in record.figures.items())
    print(
        f"{time.strftime('%H:%M:%S')} round {record.round}/{rounds} {record.measure:8} "
        f"{record.contender:24} {shown or 'FAILED: ' + record.failure.splitlines()[0]}",
        flush=True,
    )


def describe_run(
    machine: dict[str, Any],
    contenders: Sequence[Contender],
    skipped: Sequence[str],
    records: Records,
) -> dict[str, Any]:
    systems = {
        contender.key: {"title": contender.title, "version": contender.version}
        for contender in contenders
    }
    return {
        "machine": machine,
        "contenders": systems,
        "skipped": list(skipped),
        "records": records.as_json(),
    }


def keep(folder: Path, report: str, run: dict[str, Any]) -> None:
    """Write queue-TIME.json and queue-TIME.md."""
    name = time.strftime("queue-%Y%m%d-%H%M%S")
    (folder / f"{name}.md").write_text(report)
    (folder / f"{name}.json").write_text(json.dumps(run, indent=1))
    print(f"written: {folder / name}.md and .json")


if __name__ == "__main__":
    sys.exit(main())
