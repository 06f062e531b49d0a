"""`manage.py show_queue`: what waits, what runs, and how full the queue is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from django.conf import settings

from processing.management.pausing import write_pause
from processing.management.report import ReportCommand, describe_bytes, describe_count
from processing.queue.durations import describe_duration
from processing.queue.overview import FINISHED_COUNT_LIMIT, QueueOverview, summarize_queue
from processing.queue.pause import describe_pause

#: The age of a count is told from here on.
TELL_AGE_SECONDS = 1.0


class Command(ReportCommand):
    """Shows the queue without changing it."""

    help = (
        "Show the queue: whether it is paused, jobs by state and processor, the longest wait, the "
        "bounds, the workers."
    )

    def handle(self, *, as_json: bool, **options: Any) -> None:
        """Look and report."""
        overview = summarize_queue()
        bounds = {"jobs": settings.QUEUE_MAX_JOBS, "bytes": settings.QUEUE_MAX_BYTES}
        document = asdict(overview) | {
            "pauses": [write_pause(pause) for pause in overview.pauses],
            "bounds": bounds,
            "finished_count_limit": FINISHED_COUNT_LIMIT,
        }
        self.report(document, _describe(overview), as_json=as_json)


def _describe(overview: QueueOverview) -> Iterator[str]:
    for pause in overview.pauses:
        yield f"The queue {pause.queue} is {describe_pause(pause)}."
    counts, load = overview.state_counts, overview.load
    waiting = describe_count(counts["queued"], "job")
    yield f"Waiting:  {waiting}, {describe_bytes(overview.waiting_bytes)}{_wait(overview)}"
    workers = describe_count(overview.worker_count, "worker")
    yield f"Running:  {describe_count(counts['running'], 'job')} on {workers}"
    finished = (
        f"{_count(counts[state])} {state}" for state in ("succeeded", "failed", "cancelled")
    )
    yield f"Finished: {', '.join(finished)}"
    held, most = describe_bytes(load.source_bytes), describe_bytes(settings.QUEUE_MAX_BYTES)
    yield f"Bounds:   {load.job_count:,} of {settings.QUEUE_MAX_JOBS:,} jobs, {held} of {most}"
    width = max((len(backlog.name) for backlog in overview.backlogs), default=0)
    if width:
        yield f"\n{'':{width}}  {'waiting':>9}  {'running':>9}"
    for log in overview.backlogs:
        yield f"{log.name:{width}}  {log.waiting_count:>9,}  {log.running_count:>9,}"


def _wait(overview: QueueOverview) -> str:
    seconds, age_seconds = overview.oldest_waiting_seconds, overview.counted_seconds_ago
    wait = "" if seconds is None else f", the longest for {describe_duration(seconds)}"
    is_old = age_seconds >= TELL_AGE_SECONDS
    return f"{wait} (counted {describe_duration(age_seconds)} ago)" if is_old else wait


def _count(count: int) -> str:
    return f"{count:,}{' or more' if count >= FINISHED_COUNT_LIMIT else ''}"
