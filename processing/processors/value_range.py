"""The least and the greatest of many values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

Value = TypeVar("Value", str, float)


class ValueRange(Generic[Value]):
    """The range of the values added so far."""

    def __init__(self) -> None:
        self.low: Value | None = None
        self.high: Value | None = None

    def add(self, values: Sequence[Value]) -> None:
        """Take in values, at least one."""
        low, high = min(values), max(values)
        self.low = low if self.low is None else min(self.low, low)
        self.high = high if self.high is None else max(self.high, high)
