"""What became of a job's deliveries, as a table."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from processing.admin.window import show_time
from processing.models import Job
from processing.queue.durations import describe_duration

HEADERS = ("number", "started", "took", "where", "outcome", "charged")
#: What a cell says where there is nothing to say.
NOTHING = "-"


def tabulate_deliveries(job: Job) -> dict[str, Any]:
    """The headers and rows of the theme's table, the last delivery last."""
    return {"headers": HEADERS, "rows": [_make_row(past) for past in job.past_deliveries]}


def _make_row(past: dict[str, Any]) -> list[Any]:
    started_at = past["started_at"] and datetime.fromisoformat(past["started_at"])
    return [
        past["delivery"],
        show_time(started_at) or NOTHING,
        _describe_time(started_at, datetime.fromisoformat(past["ended_at"])),
        past["where"] or NOTHING,
        past["outcome"],
        "yes" if past["charged"] else "no",
    ]


def _describe_time(started_at: datetime | None, ended_at: datetime) -> str:
    if started_at is None:
        return NOTHING
    return describe_duration(max(0.0, (ended_at - started_at).total_seconds()))
