"""What a queue of many waiting jobs costs: Plimsoll alone."""

from __future__ import annotations

from collections.abc import Sequence

from bench.queue.columns import Column
from bench.queue.contender import Contender
from bench.queue.markdown import write_table
from bench.queue.measures.growth import OPERATIONS, SHALLOW_COUNT
from bench.queue.records import Records

MILLISECONDS = Column(figure="", heading="ms", digits=2)


def write_growth(contenders: Sequence[Contender], records: Records) -> str:
    """A table, with a row for each operation; empty where it was not measured."""
    rows = []
    for contender in contenders:
        for operation, title in OPERATIONS.items():
            shallow, deep = (
                records.find_median(contender.key, f"{operation}_{depth}_ms")
                for depth in ("shallow", "deep")
            )
            if shallow and deep:
                cells = [MILLISECONDS.format(value) for value in (shallow, deep)]
                rows.append([contender.kind.title, title, *cells, f"{deep / shallow:.2f}"])
    headings = ["store", "operation", f"ms, {SHALLOW_COUNT:,} queued", "ms, deep queue", "ratio"]
    return write_table(headings, rows, text_columns=2) if rows else ""
