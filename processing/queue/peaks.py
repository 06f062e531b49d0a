"""How much memory jobs have taken, by what they run."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from processing.models import Job

#: So many of the newest jobs are looked at, of all kinds, in the order of an index.
LOOKED_AT_JOBS = 10_000
#: Of each kind the newest so many count: what it takes now, not what it once took.
COUNTED_JOBS = 20


@dataclass(frozen=True, kw_only=True)
class Peaks:
    """What the newest jobs of a processor, or of a task's function, added at their peak."""

    name: str
    job_count: int
    p95_bytes: int
    most_bytes: int


def find_peaks() -> list[Peaks]:
    """The peaks of everything whose peaks are known, the largest first."""
    rows = Job.objects.order_by("-created_at", "-id").values_list(
        "processor", "function", "peak_memory_bytes"
    )
    known: dict[str, list[int]] = defaultdict(list)
    for processor, function, peak_bytes in rows[:LOOKED_AT_JOBS]:
        peaks = known[processor or function]
        if peak_bytes is not None and len(peaks) < COUNTED_JOBS:
            peaks.append(peak_bytes)
    found = [_summarize(name, sorted(peaks)) for name, peaks in known.items() if peaks]
    return sorted(found, key=lambda peaks: (-peaks.p95_bytes, peaks.name))


def _summarize(name: str, peaks: list[int]) -> Peaks:
    """`peaks` in ascending order; the 95th percentile is the nearest rank from above."""
    rank = -(-95 * len(peaks) // 100)
    return Peaks(name=name, job_count=len(peaks), p95_bytes=peaks[rank - 1], most_bytes=peaks[-1])
