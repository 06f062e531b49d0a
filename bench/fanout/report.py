"""The figures as Markdown: the same text for the terminal and for the documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bench.fanout.columns import list_columns, list_speeds, name_measures
from bench.fanout.sizes import Sizes
from bench.fanout.systems.upstream import UPSTREAM
from bench.fanout.targets import list_targets
from bench.queue.machine import write_machine
from bench.queue.records import Records
from bench.queue.report import write_gaps
from bench.queue.run import Contender
from bench.queue.target import write_targets
from bench.web.report import OURS, write_figures, write_ratios


def write_report(
    machine: dict[str, Any],
    contenders: Sequence[Contender],
    skipped: Sequence[str],
    records: Records,
    sizes: Sizes,
) -> str:
    """The whole report."""
    names = name_measures(sizes)
    asked = [contender for contender in contenders if contender.key != UPSTREAM.name]
    peers = [contender for contender in asked if contender.key != OURS]
    sections = [
        f"{write_machine(machine)}; {sizes.upstream_count} processes of the upstream; "
        f"{sizes.seconds:g} s each, medians of {sizes.rounds} rounds.",
        *(
            write_figures(title, list_columns(name), contenders, records)
            for name, title in names.items()
        ),
        *(write_ratios(title, list_speeds(name), peers, records) for name, title in names.items()),
        write_targets(
            "of", list_targets(sizes, records, [contender.key for contender in asked]), records
        ),
        write_gaps(skipped, records),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"
