"""A bench of web processes, from its command line to its report."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bench.queue.interpreters import Interpreters
from bench.queue.measures.measure import Measure
from bench.queue.program import Run, open_folder
from bench.queue.stores.sqlite import Sqlite
from bench.web.contender import find_contenders
from bench.web.options import Options, read_options
from bench.web.systems.system import WebSystem

FOLDER = Path("var/bench")


@dataclass(frozen=True, kw_only=True)
class WebBench:
    """`sizes` are the defaults, `quick` those of --quick."""

    name: str
    what: str
    """What it measures, in a few words."""

    systems: Sequence[WebSystem]
    measures: Sequence[Measure]
    sizes: Any
    quick: Any
    describe: Callable[[Path], dict[str, Any]]
    """The machine, and what of it matters to files in a folder."""

    write_report: Callable[..., str]
    """Takes machine, contenders, skipped, records and, by name, sizes."""

    def main(self) -> int:
        """The status that the program ends with."""
        options = self.read_options()
        with open_folder(options.folder, self.name) as (folder, _):
            kind = Sqlite(folder)
            contenders, skipped = find_contenders(options.systems, kind, Interpreters())
            sizes, machine = options.sizes, self.describe(folder) | asdict(options.sizes)
            run = Run(
                bench=self.name,
                contenders=contenders,
                skipped=skipped,
                measures=options.measures,
                sizes=sizes,
                machine=machine,
                write_report=partial(self.write_report, machine, contenders, skipped, sizes=sizes),
            )
            return run.measure(folder, options.folder)

    def read_options(self) -> Options:
        """What the command line asks for."""
        prog = f"make bench-{self.name}"
        parser = argparse.ArgumentParser(
            prog=prog, description=f"Measures {self.what} beside others."
        )
        offered = Options(
            systems=self.systems, measures=self.measures, sizes=self.sizes, folder=FOLDER
        )
        return read_options(parser, offered, self.quick)
