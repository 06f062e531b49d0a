"""Markdown tables whose columns stand under each other, so that they read well as text too."""

from __future__ import annotations

from collections.abc import Sequence


def write_table(
    headings: Sequence[str], rows: Sequence[Sequence[str]], *, text_columns: int
) -> str:
    """A table; the first `text_columns` are set left, the others right."""
    widths = [max(map(len, cells)) for cells in zip(headings, *rows, strict=True)]

    def write_row(cells: Sequence[str]) -> str:
        padded = [
            cell.ljust(width) if place < text_columns else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |"

    rule = [
        "-" * width if place < text_columns else "-" * (width - 1) + ":"
        for place, width in enumerate(widths)
    ]
    return "\n".join([write_row(headings), write_row(rule), *map(write_row, rows)])
