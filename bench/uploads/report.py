"""The figures as Markdown: the same text for the terminal and for the documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bench.queue.columns import Column
from bench.queue.machine import write_machine
from bench.queue.records import Records
from bench.queue.report import write_gaps
from bench.queue.run import Contender
from bench.queue.target import write_targets
from bench.uploads.columns import STALLED, WAYS, list_columns
from bench.uploads.sizes import Sizes
from bench.uploads.targets import list_targets
from bench.web.report import OURS, write_figures, write_ratios

SENDER = "sink"


def write_report(
    machine: dict[str, Any],
    contenders: Sequence[Contender],
    skipped: Sequence[str],
    records: Records,
    sizes: Sizes,
) -> str:
    """The whole report."""
    peers = [contender for contender in contenders if contender.key not in (OURS, SENDER)]
    ways = {title: list_columns(way, sizes) for way, title in WAYS.items()}
    stalled = f"{sizes.stalled_count} stalled uploads"
    sections = [
        write_conditions(machine, sizes),
        *(
            write_figures(title, columns, contenders, records)
            for title, columns in (ways | {stalled: list(STALLED)}).items()
        ),
        *(
            write_ratios(title, list_compared(columns), peers, records)
            for title, columns in ways.items()
        ),
        write_targets("of", list_targets(sizes), records),
        write_gaps(skipped, records),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def write_conditions(machine: dict[str, Any], sizes: Sizes) -> str:
    sha = "with" if machine["has_sha_instructions"] else "without"
    return (
        f"{write_machine(machine)}; {sha} SHA instructions, files on {machine['file_system']}; "
        f"medians of {sizes.rounds} rounds."
    )


def list_compared(columns: Sequence[Column]) -> list[Column]:
    """Time and CPU, not memory."""
    return [column for column in columns if column.figure.endswith("seconds")]
