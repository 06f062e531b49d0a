"""Durations as people write them and as people read them."""

from __future__ import annotations

import re

#: Unit: its seconds.
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
#: The steps in which a long duration is told, the largest first.
STEPS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))
#: No number has more digits: in days, that is more than any clock can count back.
MOST_DIGITS = 6

WRITTEN = re.compile(rf"([0-9]{{1,{MOST_DIGITS}}})([smhd])")


def parse_duration(text: str) -> float:
    """The seconds in a text like 90s, 15m, 12h or 7d. Raises ValueError for any other."""
    match = WRITTEN.fullmatch(text.strip().lower())
    if match is None:
        raise ValueError(
            f"{text!r} is not a duration; write a whole number and s, m, h or d, "
            "such as 90s, 15m, 12h or 7d"
        )
    return float(int(match[1]) * UNITS[match[2]])


def describe_duration(seconds: float) -> str:
    """Two units at most: "250 ms", "1.5 s", "12 s", "3 min 5 s", "2 h", "3 d 4 h"."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    left = round(seconds)
    parts = []
    for unit_seconds, unit in STEPS:
        count, left = divmod(left, unit_seconds)
        parts.append(f"{count} {unit}" if count else "")
    first = next(index for index, part in enumerate(parts) if part)
    return " ".join(part for part in parts[first : first + 2] if part)
