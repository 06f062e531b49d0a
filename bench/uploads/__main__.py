"""`python -m bench.uploads`, which `make bench-uploads` runs: bench/README.md tells what it
measures."""

from __future__ import annotations

import sys

from bench.uploads.machine import describe_for_uploads
from bench.uploads.measures import MEASURES
from bench.uploads.report import write_report
from bench.uploads.sizes import QUICK, Sizes
from bench.uploads.systems import SYSTEMS
from bench.web.program import WebBench

BENCH = WebBench(
    name="uploads",
    what="Plimsoll's uploads",
    systems=SYSTEMS,
    measures=MEASURES,
    sizes=Sizes(),
    quick=QUICK,
    describe=describe_for_uploads,
    write_report=write_report,
)

if __name__ == "__main__":
    sys.exit(BENCH.main())
