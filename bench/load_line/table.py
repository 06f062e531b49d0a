"""One system's figures, as the rows of a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

MIB = 1024 * 1024
Row = tuple[str, str]


def list_rows(record: Mapping[str, Any]) -> Iterator[Row]:
    """The names and the values of all rows, in their order."""
    for dyno in record["dynos"]:
        yield from _list_dyno(dyno)
    for name, requests in record["requests"].items():
        counts = (requests["accepted"], requests["refused"], sum(requests["failures"].values()))
        yield f"{name} accepted / refused / failed", " / ".join(f"{n:,}" for n in counts)
    yield "post p50 / p99 ms", _write_percentiles(record["requests"]["posts"])
    jobs = record["jobs"]
    yield "jobs ended right / wrong", f"{jobs['right']:,} / {jobs['wrong']:,}"
    yield "jobs not done / lost", f"{jobs['waiting']:,} / {jobs['lost']:,}"
    yield "seconds until the last had ended", _write_seconds(record)
    for probe in record["health"]:
        late = f"{probe['late']:,} / {probe['failed']:,} of {probe['asked']:,}"
        yield f"{probe['path']} slowest ms", f"{probe['slowest_ms']:,.0f}"
        yield f"{probe['path']} after 1 s / failed", late


def _list_dyno(dyno: Mapping[str, Any]) -> Iterator[Row]:
    name = dyno["name"].split(".")[0]
    share = dyno["peak_bytes"] / dyno["quota_bytes"]
    yield f"{name}: exit", str(dyno["exit"])
    yield f"{name}: peak MB (of quota)", f"{dyno['peak_bytes'] / MIB:,.0f} ({share:.0%})"
    yield f"{name}: seconds above quota", f"{dyno['seconds_above_quota']:,.1f}"
    yield f"{name}: R14 / R15", f"{dyno['r14_lines']:,} / {dyno['r15_lines']:,}"
    yield f"{name}: crashes / restarts", f"{dyno['crashes']:,} / {dyno['restarts']:,}"


def _write_percentiles(requests: Mapping[str, Any]) -> str:
    found = [requests["p50_ms"], requests["p99_ms"]]
    return " / ".join("–" if value is None else f"{value:,.0f}" for value in found)


def _write_seconds(record: Mapping[str, Any]) -> str:
    """From the beginning of the load; never, where the waiting was given up."""
    if record["drain_stopped_for"]:
        return "never"
    return f"{record['load_seconds'] + record['drain_seconds']:,.0f}"
