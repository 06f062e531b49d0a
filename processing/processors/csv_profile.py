"""csv_profile: what the columns of a CSV file hold."""

from __future__ import annotations

from typing import BinaryIO

from processing.processors.column_profile import ColumnProfile
from processing.processors.csv_rows import CSVRows
from processing.processors.job import JSONValue, ProcessorJob
from processing.processors.registry import processor
from processing.processors.source_reader import SourceReader

EXACT_VALUES_PER_COLUMN = 1_000
EXACT_VALUES_PER_TABLE = 65_536
"""So many hashes are kept to count distinct values exactly, at most 5 MB for a table."""


@processor("csv_profile", accepts="file")
def csv_profile(job: ProcessorJob, source: BinaryIO, sink: BinaryIO) -> dict[str, JSONValue]:
    """Profile a CSV file with a header in one pass, in memory that does not grow with it.

    Returns `{"rows", "ragged_rows", "columns": [{"name", "type", "nulls", "min", "max", "mean",
    "distinct", "distinct_exact"}, …]}`; see `column_profile` for a column, `csv_rows` for the
    dialect and its bounds. rows counts without the header. ragged_rows have more or fewer fields
    than the header: what is missing is null, what is too much is ignored. distinct is an
    estimate (standard error 1.6 %) where distinct_exact is false. Writes nothing to the sink.
    """
    rows = CSVRows(SourceReader(job, source))
    table = _TableProfile(rows.read_header())
    for batch in rows.read_batches():
        table.add(batch)
    return table.report()


class _TableProfile:
    def __init__(self, header: list[str]) -> None:
        exact_limit = min(EXACT_VALUES_PER_COLUMN, EXACT_VALUES_PER_TABLE // len(header))
        self._columns = [ColumnProfile(name.strip(), exact_limit=exact_limit) for name in header]
        self._row_count = 0
        self._ragged_count = 0

    def add(self, rows: list[list[str]]) -> None:
        self._row_count += len(rows)
        self._ragged_count += sum(len(row) != len(self._columns) for row in rows)
        fitted_rows = map(self._fit_row, rows)
        for column, cells in zip(self._columns, zip(*fitted_rows, strict=True), strict=True):
            column.add(cells)

    def report(self) -> dict[str, JSONValue]:
        return {
            "rows": self._row_count,
            "ragged_rows": self._ragged_count,
            "columns": [column.report() for column in self._columns],
        }

    def _fit_row(self, row: list[str]) -> list[str]:
        width = len(self._columns)
        if len(row) == width:
            return row
        return row[:width] + [""] * (width - len(row))
