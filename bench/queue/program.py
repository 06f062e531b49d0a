"""What the benches have in common that let contenders take turns: a run, from its folder to the
files that are kept."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.queue.measures.measure import Measure
from bench.queue.records import Record, Records
from bench.queue.run import Contender, run_rounds
from bench.queue.trees import kill_descendants
from processing.dyno.process_tree import adopt_orphans

INTERRUPTED = 130


@contextmanager
def open_folder(
    within: Path, prefix: str, *, is_kept: bool = False
) -> Iterator[tuple[Path, ExitStack]]:
    """A fresh folder for one run, and what is undone behind the block before the folder is removed.

    No process that the run has started is left behind the block. SIGTERM is like Ctrl-C.
    """
    within.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, stop)
    adopt_orphans()
    with ExitStack() as stack:
        stack.callback(kill_descendants)
        folder = Path(tempfile.mkdtemp(prefix=f"{prefix}-", dir=within))
        if not is_kept:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
        yield folder, stack


def stop(number: int, frame: Any) -> None:
    raise KeyboardInterrupt


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of a bench: who takes turns at what, and where the figures go."""

    bench: str
    contenders: Sequence[Contender]
    skipped: Sequence[str]
    """For each that can't be measured here, why."""

    measures: Sequence[Measure]
    sizes: Any
    """The bench's own, with `rounds` among them."""

    machine: dict[str, Any]
    write_report: Callable[[Records], str]

    def measure(self, folder: Path, kept_in: Path) -> int:
        """Measure, show and keep; what was measured before a Ctrl-C is shown and kept too.

        The status that the program ends with.
        """
        for line in self.skipped:
            print(f"skipped: {line}")
        if not self.contenders:
            print("nothing is left to be measured", file=sys.stderr)
            return 1
        records, status = Records(), 0
        try:
            for record in run_rounds(self.contenders, self.measures, self.sizes, folder):
                records.add(record)
                show_progress(record, self.sizes.rounds)
        except KeyboardInterrupt:
            status = INTERRUPTED
            print("interrupted; this is what was measured until then")
        report = self.write_report(records)
        print(f"\n{report}")
        keep(kept_in, self.bench, report, self.describe(records))
        return status

    def describe(self, records: Records) -> dict[str, Any]:
        """As values that JSON has."""
        systems = {
            contender.key: {"title": contender.title, "version": contender.version}
            for contender in self.contenders
        }
        return {
            "machine": self.machine,
            "contenders": systems,
            "skipped": list(self.skipped),
            "records": records.as_json(),
        }


def show_progress(record: Record, rounds: int) -> None:
    shown = " ".join(f"{name}={value:,.1f}" for name, value in record.figures.items())
    print(
        f"{time.strftime('%H:%M:%S')} round {record.round}/{rounds} {record.measure:8} "
        f"{record.contender:24} {shown or 'FAILED: ' + record.failure.splitlines()[0]}",
        file=sys.stderr,
    )


def keep(folder: Path, bench: str, report: str, run: dict[str, Any]) -> None:
    """Write BENCH-TIME.json and BENCH-TIME.md."""
    name = time.strftime(f"{bench}-%Y%m%d-%H%M%S")
    (folder / f"{name}.md").write_text(report)
    (folder / f"{name}.json").write_text(json.dumps(run, indent=1))
    print(f"written: {folder / name}.md and .json")
