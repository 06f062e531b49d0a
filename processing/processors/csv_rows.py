"""The rows of a CSV file of any size, read in bounded memory."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from itertools import chain

from processing.processors.source_reader import CHUNK_BYTES

DELIMITERS = ",;\t|"
"""The delimiters that are looked for; of two that occur as often the earlier one is taken."""

MAX_COLUMNS = 1_000
"""Each column has a profile of some KiB."""

MAX_ROW_CHARS = 1024 * 1024
"""The longest row, with its delimiters and its quoted line breaks. It bounds memory in a file
without line ends and where a quote is never closed. The csv module also bounds a field, at
131,072 characters; that limit belongs to the whole process, so it is left as it is."""

BATCH_ROWS = 2_048
BATCH_CHARS = 128 * 1024
"""A batch ends with the row that reaches either. Columns of batches are profiled at C speed."""

_QUOTED = re.compile(r'"[^"]*(?:"|$)')


class CSVRows:
    """The header of a CSV file and then its rows, each a list of strings.

    The text is UTF-8, with or without a byte order mark; bytes that are not become U+FFFD. The
    delimiter is the one of DELIMITERS that the first line has most of outside quotes. Fields may
    stand in double quotes and hold line breaks then. Empty lines are no rows. Reading raises
    ValueError for a row or a field that is too long; row 1 is the header.
    """

    def __init__(self, source: io.RawIOBase) -> None:
        buffered = io.BufferedReader(source, CHUNK_BYTES)
        self._text = io.TextIOWrapper(buffered, "utf-8-sig", errors="replace", newline="")
        self._rows = self._read_rows()
        self._row_number = 0
        self._row_chars = 0

    def read_header(self) -> list[str]:
        """Return the first row; raise ValueError if there is none or it is too wide."""
        header = next(self._rows, None)
        if header is None:
            raise ValueError("the file has no rows; the first one has to name the columns")
        if len(header) > MAX_COLUMNS:
            raise ValueError(
                f"the header names {len(header):,} columns; send at most {MAX_COLUMNS:,}"
            )
        return header

    def read_batches(self) -> Iterator[list[list[str]]]:
        """Yield the rows that are left in batches of bounded size."""
        batch: list[list[str]] = []
        batch_chars = 0
        for row in self._rows:
            batch.append(row)
            batch_chars += self._row_chars
            if batch_chars >= BATCH_CHARS or len(batch) >= BATCH_ROWS:
                yield batch
                batch, batch_chars = [], 0
        if batch:
            yield batch

    def _read_rows(self) -> Iterator[list[str]]:
        lines = self._read_lines()
        first_line = next((line for line in lines if line.strip("\r\n")), "")
        delimiter = find_delimiter(first_line)
        try:
            for row in csv.reader(chain([first_line], lines), delimiter=delimiter):
                if row:
                    self._row_number += 1
                    yield row
                self._row_chars = 0
        except csv.Error as error:
            raise ValueError(self._describe_error(str(error))) from error

    def _read_lines(self) -> Iterator[str]:
        """Yield the lines with their ends. The csv module asks for them until a row is whole."""
        while line := self._text.readline(MAX_ROW_CHARS + 1):
            self._row_chars += len(line)
            if self._row_chars > MAX_ROW_CHARS:
                raise ValueError(
                    self._describe_error(f"it is longer than {MAX_ROW_CHARS:,} characters")
                )
            yield line

    def _describe_error(self, reason: str) -> str:
        return (
            f"row {self._row_number + 1:,} cannot be read: {reason}; look for a quote that is not "
            "closed, or a line end that is missing, in or before it"
        )


def find_delimiter(line: str) -> str:
    """Return the delimiter that the line has most of outside quotes; a comma if it has none."""
    return max(DELIMITERS, key=_QUOTED.sub("", line).count)
