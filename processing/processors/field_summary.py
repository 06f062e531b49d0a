"""What a list of objects holds under one name."""

from __future__ import annotations

import sys

from processing.processors.job import JSONValue
from processing.processors.json_identity import identify_value
from processing.processors.mean import Mean
from processing.processors.text_preview import preview_text


def summarize_field(values: list[JSONValue], *, object_count: int) -> dict[str, JSONValue]:
    """Summarize a field that has these non-null values among so many objects.

    Returns `{"count", "nulls", "distinct", "min", "max", "mean"}`. min, max and mean are those
    of the numbers, if there are any; else min and max are those of the strings by code point,
    cut to PREVIEW_CHARS. What does not exist is None.
    """
    low, high = _find_range(values)
    return {
        "count": len(values),
        "nulls": object_count - len(values),
        "distinct": len({identify_value(value) for value in values}),
        "min": low,
        "max": high,
        "mean": _find_mean(_pick_numbers(values)),
    }


def _pick_numbers(values: list[JSONValue]) -> list[int | float]:
    return [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]


def _find_range(values: list[JSONValue]) -> tuple[JSONValue, JSONValue]:
    if numbers := _pick_numbers(values):
        return min(numbers), max(numbers)
    if texts := [value for value in values if isinstance(value, str)]:
        return preview_text(min(texts)), preview_text(max(texts))
    return None, None


def _find_mean(numbers: list[int | float]) -> float | None:
    """Return the mean; None without numbers, or with an int that no float can hold."""
    if not all(-sys.float_info.max <= number <= sys.float_info.max for number in numbers):
        return None
    mean = Mean()
    mean.add(numbers)
    return mean.value
