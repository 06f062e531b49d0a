"""The load line: what Plimsoll is to hold under this load, and whether it did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bench.load_line.probes import LATE_SECONDS

MOST_SHARE = 0.9
"""Of the quota, at the peak."""


def judge_line(record: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """Each line: what is to be, what was found, and whether that will do."""
    for dyno in record["dynos"]:
        share = dyno["peak_bytes"] / dyno["quota_bytes"]
        found = f"exit {dyno['exit']}, {dyno['crashes']} crashes"
        yield f"{dyno['name']}: no R14, no R15, no crash", found, found == "exit 0, 0 crashes"
        yield f"{dyno['name']}: peak at most 90 % of quota", f"{share:.1%}", share <= MOST_SHARE
    jobs = record["jobs"]
    rights = f"{jobs['right']:,} of {jobs['accepted']:,}"
    all_right = jobs["right"] == jobs["accepted"] > 0
    yield "every accepted job ends as it should", rights, all_right
    failures = sum(sum(requests["failures"].values()) for requests in record["requests"].values())
    yield "refusals only as 503 with Retry-After", f"{failures:,} others", failures == 0
    for probe in record["health"]:
        found = f"{probe['slowest_ms']:,.0f} ms, {probe['failed']} failed"
        held = probe["slowest_ms"] <= LATE_SECONDS * 1000 and not probe["failed"]
        yield f"{probe['path']} answers within {LATE_SECONDS:g} s", found, held
