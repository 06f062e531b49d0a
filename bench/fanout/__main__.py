"""`python -m bench.fanout`, which `make bench-fanout` runs: bench/README.md tells what it
measures."""

from __future__ import annotations

import sys

from bench.fanout.measures import MEASURES
from bench.fanout.report import write_report
from bench.fanout.sizes import QUICK, Sizes
from bench.fanout.systems import SYSTEMS
from bench.queue.machine import describe_machine
from bench.web.program import WebBench

BENCH = WebBench(
    name="fanout",
    what="Plimsoll's fan-out",
    systems=SYSTEMS,
    measures=MEASURES,
    sizes=Sizes(),
    quick=QUICK,
    describe=lambda folder: describe_machine(),
    write_report=write_report,
)

if __name__ == "__main__":
    sys.exit(BENCH.main())
