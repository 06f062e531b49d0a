"""How much memory jobs have taken, by what they run."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from processing.memory.learnt_peaks import COUNTED_PEAKS, find_p95
from processing.models import Job

#: So many of the newest jobs are looked at, of all kinds, in the order of an index.
LOOKED_AT_JOBS = 10_000


@dataclass(frozen=True, kw_only=True)
class Peaks:
    """What the newest jobs of a processor, or of a task's function, added at their peak."""

    name: str
    job_count: int
    p95_bytes: int
    most_bytes: int


def find_peaks() -> list[Peaks]:
    """The peaks of everything whose peaks are known, the largest first."""
    found = [
        Peaks(name=name, job_count=len(peaks), p95_bytes=find_p95(peaks), most_bytes=max(peaks))
        for name, peaks in collect_peaks().items()
    ]
    return sorted(found, key=lambda peaks: (-peaks.p95_bytes, peaks.name))


def collect_peaks() -> dict[str, list[int]]:
    """The newest COUNTED_PEAKS peaks by processor, or by a task's function, the newest first."""
    rows = Job.objects.order_by("-created_at", "-id").values_list(
        "processor", "function", "peak_memory_bytes"
    )
    known: dict[str, list[int]] = defaultdict(list)
    for processor, function, peak_bytes in rows[:LOOKED_AT_JOBS]:
        peaks = known[processor or function]
        if peak_bytes is not None and len(peaks) < COUNTED_PEAKS:
            peaks.append(peak_bytes)
    return {name: peaks for name, peaks in known.items() if peaks}
