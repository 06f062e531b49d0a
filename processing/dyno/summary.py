"""What a run came to: the document, its lines, and the exit status."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from processing.dyno.log_lines import describe_mib
from processing.dyno.tally import Tally
from processing.memory.units import MIB

#: Exit statuses. The last is that of a command which failed without a memory error.
OK, R14_SEEN, R15_SEEN, COMMAND_FAILED = 0, 14, 15, 1


def find_exit_status(tallies: Mapping[str, Tally]) -> int:
    """The worst that happened; the status of a command that ended by itself comes last."""
    if any(tally.kill_times for tally in tallies.values()):
        return R15_SEEN
    if any(tally.peak_bytes > tally.quota_bytes for tally in tallies.values()):
        return R14_SEEN
    if any(tally.is_complete and tally.exit_status for tally in tallies.values()):
        return COMMAND_FAILED
    return OK


def write_document(
    tallies: Mapping[str, Tally], *, threshold_bytes: int, enforcement: str, exit_status: int
) -> dict[str, Any]:
    """The summary for programs; sizes in bytes, times in seconds."""
    return {
        "enforcement": enforcement,
        "threshold_bytes": threshold_bytes,
        "exit_status": exit_status,
        "dynos": [
            {
                "name": name,
                "quota_bytes": tally.quota_bytes,
                "peak_bytes": tally.peak_bytes,
                "seconds_above_quota": round(tally.seconds_above_quota, 3),
                "kills": len(tally.kill_times),
                "crashes": tally.crash_count,
                "restarts": tally.restart_count,
                "last_status": tally.exit_status,
            }
            for name, tally in tallies.items()
        ],
    }


def write_lines(tallies: Mapping[str, Tally], *, threshold_bytes: int) -> Iterator[str]:
    """The summary for people: a table, a line for each dyno."""
    quotas = {describe_mib(tally.quota_bytes) for tally in tallies.values()}
    width = max(map(len, tallies))
    yield f"\nQuota {', '.join(quotas)}, threshold {describe_mib(threshold_bytes)}"
    yield (
        f"{'':{width}}  {'peak':>18}  {'above quota':>12}  {'kills':>6}  {'crashes':>7}  "
        f"{'restarts':>8}  {'last status':>11}"
    )
    for name, tally in tallies.items():
        peak = f"{tally.peak_bytes / MIB:.1f}M ({tally.peak_bytes / tally.quota_bytes:.1%})"
        above = f"{tally.seconds_above_quota:.1f} s"
        status = "none" if tally.exit_status is None else str(tally.exit_status)
        yield (
            f"{name:{width}}  {peak:>18}  {above:>12}  {len(tally.kill_times):>6}  "
            f"{tally.crash_count:>7}  {tally.restart_count:>8}  {status:>11}"
        )
