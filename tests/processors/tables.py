"""Tables as CSV, and a plain second opinion on their profile."""

from __future__ import annotations

import csv
import io
import re
import statistics

from processing.processors.csv_profile import csv_profile
from tests.processors.fake_job import FakeJob

INTEGER = re.compile(r"[+-]?[0-9]+")
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def write_csv(rows: list[list[object]], *, delimiter: str = ",") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode()


def profile(content: bytes | str) -> dict:
    data = content.encode() if isinstance(content, str) else content
    sink = io.BytesIO()
    result = csv_profile(FakeJob(source_bytes=len(data)), io.BytesIO(data), sink)
    assert sink.getvalue() == b""
    return result


def expect_column(name: str, cells: list[str]) -> dict:
    """What a column has to be, the long way round."""
    values = [cell.strip() for cell in cells if cell.strip()]
    column = {"name": name, "nulls": len(cells) - len(values), "distinct": len(set(values))}
    column |= {"type": "text", "mean": None, "distinct_exact": True}
    if not values:
        return column | {"type": "empty", "min": None, "max": None}
    if not all(NUMBER.fullmatch(value) and abs(float(value)) < 1e309 for value in values):
        return column | {"min": min(values)[:100], "max": max(values)[:100]}
    is_integer = all(INTEGER.fullmatch(value) for value in values)
    numbers = [int(value) if is_integer else float(value) for value in values]
    column |= {"type": "integer" if is_integer else "number", "min": min(numbers)}
    return column | {"max": max(numbers), "mean": statistics.fmean(numbers)}
