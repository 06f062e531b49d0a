"""What one column of a table holds, learned batch by batch in bounded memory."""

from __future__ import annotations

from collections.abc import Sequence

from processing.processors.cell_type import CellType, parse_numbers
from processing.processors.distinct import DistinctCounter
from processing.processors.job import JSONValue
from processing.processors.mean import Mean
from processing.processors.text_preview import preview_text
from processing.processors.value_range import ValueRange


class ColumnProfile:
    """Type, nulls, range, mean and distinct values of one column.

    A value is a cell without the white space around it; an empty one is a null. One text makes
    the whole column text; see `cell_type` for what is a number.
    """

    def __init__(self, name: str, *, exact_limit: int) -> None:
        self._name = preview_text(name)
        self._type = CellType.EMPTY
        self._null_count = 0
        self._numbers = ValueRange[float]()
        self._mean = Mean()
        self._texts = ValueRange[str]()
        self._distinct = DistinctCounter(exact_limit=exact_limit)

    def add(self, cells: Sequence[str]) -> None:
        """Take in the column's cells of some rows."""
        texts = list(filter(None, map(str.strip, cells)))
        self._null_count += len(cells) - len(texts)
        if not texts:
            return
        self._distinct.add(texts)
        # Also while the column is numeric: it may still turn out to be text.
        self._texts.add([preview_text(min(texts)), preview_text(max(texts))])
        if self._type is not CellType.TEXT:
            self._add_numbers(texts)

    def report(self) -> dict[str, JSONValue]:
        """Return `{"name", "type", "nulls", "min", "max", "mean", "distinct", "distinct_exact"}`.

        type is "empty", "integer", "number" or "text". min and max are numbers in a numeric
        column; in a text column they are texts, ordered by code point and cut to
        PREVIEW_CHARS. What does not exist is None.
        """
        low, high = self._report_range()
        return {
            "name": self._name,
            "type": self._type.name.lower(),
            "nulls": self._null_count,
            "min": low,
            "max": high,
            "mean": None if self._type is CellType.TEXT else self._mean.value,
            "distinct": self._distinct.count,
            "distinct_exact": self._distinct.is_exact,
        }

    def _add_numbers(self, texts: Sequence[str]) -> None:
        batch_type, numbers = parse_numbers(texts)
        self._type = max(self._type, batch_type)
        if numbers:
            self._numbers.add(numbers)
            self._mean.add(numbers)

    def _report_range(self) -> tuple[JSONValue, JSONValue]:
        if self._type is CellType.TEXT:
            return self._texts.low, self._texts.high
        low, high = self._numbers.low, self._numbers.high
        if self._type is CellType.NUMBER and low is not None and high is not None:
            return float(low), float(high)
        return low, high
