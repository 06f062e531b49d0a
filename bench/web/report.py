"""Tables of figures and of factors, a row for each contender, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.queue.columns import Column
from bench.queue.markdown import write_table
from bench.queue.records import Records
from bench.queue.run import Contender

OURS = "plimsoll"


def write_figures(
    title: str, columns: Sequence[Column], contenders: Sequence[Contender], records: Records
) -> str:
    """A row for each contender that has one of the figures; empty without any."""
    rows = [
        [contender.title, *write_values(columns, contender, records)]
        for contender in contenders
        if is_measured(columns, contender, records)
    ]
    headings = [title, *(column.heading for column in columns)]
    return write_table(headings, rows, text_columns=1) if rows else ""


def is_measured(columns: Sequence[Column], contender: Contender, records: Records) -> bool:
    return any(records.find_rounds(contender.key, column.figure) for column in columns)


def write_values(
    columns: Sequence[Column], contender: Contender, records: Records
) -> Iterator[str]:
    for column in columns:
        yield column.format(records.find_median(contender.key, column.figure))


def write_ratios(
    title: str, columns: Sequence[Column], peers: Sequence[Contender], records: Records
) -> str:
    """How many times better Plimsoll is than each peer; empty without any to compare."""
    rows = [
        [peer.title, *write_factors(columns, peer, records)]
        for peer in peers
        if is_compared(columns, peer, records)
    ]
    headings = [f"{title}: Plimsoll is better than … by the factor"]
    headings += [column.heading for column in columns]
    return write_table(headings, rows, text_columns=1) if rows else ""


def is_compared(columns: Sequence[Column], contender: Contender, records: Records) -> bool:
    ratios = (find_ratio(column, contender, records) for column in columns)
    return any(ratio is not None for ratio in ratios)


def find_ratio(column: Column, contender: Contender, records: Records) -> float | None:
    return records.find_ratio(OURS, contender.key, column.figure, column.divide)


def write_factors(
    columns: Sequence[Column], contender: Contender, records: Records
) -> Iterator[str]:
    for column in columns:
        ratio = find_ratio(column, contender, records)
        yield "–" if ratio is None else f"{ratio:.2f}"
