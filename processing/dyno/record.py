"""Every sample as a line of a CSV file, written while the dynos run."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, TextIO

COLUMNS = ("time", "dyno", "usage_bytes", "quota_bytes", "threshold_bytes")


class Record(Protocol):
    """Takes the samples of all dynos."""

    def add(self, name: str, usage_bytes: int) -> None:
        """One sample, of now."""


class NoRecord:
    """Where nobody asked for one."""

    def add(self, name: str, usage_bytes: int) -> None:
        """Forget it."""


class CsvRecord:
    """Times are ISO 8601 in UTC."""

    def __init__(self, file: TextIO, *, quota_bytes: int, threshold_bytes: int) -> None:
        self._writer = csv.writer(file)
        self._lines_bytes = (quota_bytes, threshold_bytes)
        self._writer.writerow(COLUMNS)

    def add(self, name: str, usage_bytes: int) -> None:
        """Write it."""
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._writer.writerow([time, name, usage_bytes, *self._lines_bytes])


@contextmanager
def open_record(path: Path | None, *, quota_bytes: int, threshold_bytes: int) -> Iterator[Record]:
    """A record in the file of this path, line by line; none without a path."""
    if path is None:
        yield NoRecord()
        return
    with path.open("w", newline="", buffering=1) as file:
        yield CsvRecord(file, quota_bytes=quota_bytes, threshold_bytes=threshold_bytes)
