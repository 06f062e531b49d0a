"""The figures as Markdown: the same text for the terminal and for the documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bench.queue.columns import RATES, WAITS, Column
from bench.queue.contender import Contender
from bench.queue.growth_table import write_growth
from bench.queue.machine import write_machine
from bench.queue.markdown import write_table
from bench.queue.records import Records
from bench.queue.target import write_targets
from bench.queue.targets import list_targets

OURS = "plimsoll"
#: A peer on Redis is compared with Plimsoll on either database.
EVERYWHERE = "redis"


def write_report(
    machine: dict[str, Any],
    contenders: Sequence[Contender],
    skipped: Sequence[str],
    records: Records,
) -> str:
    """The whole report."""
    tables = [find_measured(contenders, records, columns) for columns in (RATES, WAITS)]
    sections = [
        f"{write_machine(machine)}; {machine['rounds']} rounds of {machine['task_count']:,} tasks; "
        f"{', '.join(machine['stores'])}.",
        *(write_figures(contenders, records, columns) for columns in tables if columns),
        *write_ratios(contenders, records, [columns for columns in tables if columns]),
        write_growth(contenders, records),
        write_targets("store", list_targets(), records),
        write_gaps(skipped, records),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def find_measured(
    contenders: Sequence[Contender], records: Records, columns: Sequence[Column]
) -> list[Column]:
    """Those columns that have a figure."""
    return [
        column
        for column in columns
        if any(records.find_rounds(contender.key, column.figure) for contender in contenders)
    ]


def write_figures(
    contenders: Sequence[Contender], records: Records, columns: Sequence[Column]
) -> str:
    rows = [
        [contender.kind.title, contender.title]
        + [column.format(records.find_median(contender.key, column.figure)) for column in columns]
        for contender in contenders
    ]
    headings = ["store", "system", *(column.heading for column in columns)]
    return write_table(headings, rows, text_columns=2)


def write_ratios(
    contenders: Sequence[Contender], records: Records, tables: Sequence[Sequence[Column]]
) -> Iterator[str]:
    """For each database, how many times better Plimsoll is than each peer, by each figure."""
    for ours in contenders:
        peers = [peer for peer in contenders if is_peer(peer, ours)]
        for columns in tables if peers and ours.system.name == OURS else ():
            rows = [[peer.title, *write_factors(ours, peer, records, columns)] for peer in peers]
            title = f"Plimsoll on {ours.kind.title} is better than … by the factor"
            yield write_table(
                [title, *(column.heading for column in columns)], rows, text_columns=1
            )


def is_peer(peer: Contender, ours: Contender) -> bool:
    return peer.system.name != OURS and peer.kind.name in (ours.kind.name, EVERYWHERE)


def write_factors(
    ours: Contender, peer: Contender, records: Records, columns: Sequence[Column]
) -> list[str]:
    ratios = [
        records.find_ratio(ours.key, peer.key, column.figure, column.divide) for column in columns
    ]
    return ["–" if ratio is None else f"{ratio:.2f}" for ratio in ratios]


def write_gaps(skipped: Sequence[str], records: Records) -> str:
    lines = [f"- Skipped: {line}" for line in skipped]
    for record in records.list_failures():
        reason = record.failure.splitlines()[0]  # a log's end follows, which the JSON has
        what = f"{record.measure} of {record.contender}, round {record.round}"
        lines.append(f"- Not measured: {what}: {reason}")
    return "\n".join(lines)
