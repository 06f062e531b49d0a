"""`manage.py purge_jobs`: forget what has been kept for long enough."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings

from processing.management.arguments import age_seconds
from processing.management.report import ReportCommand, describe_count
from processing.queue.durations import describe_duration
from processing.queue.purge import purge_jobs

#: What is counted, as people call it.
NOUNS = {
    "jobs": "job",
    "results": "expired result",
    "tasks": "task row",
    "samples": "memory sample",
}


class Command(ReportCommand):
    """Runs the purge that is also scheduled every hour."""

    help = (
        "Delete finished jobs with their files, results that have expired, django-q2's rows of "
        "ended tasks, and memory samples. Jobs that wait or run are never touched."
    )
    changes = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add --older-than to what every report takes."""
        super().add_arguments(parser)
        parser.add_argument(
            "--older-than",
            type=age_seconds,
            metavar="AGE",
            help="delete what ended longer ago than 90s, 15m, 12h or 7d "
            f"(default: JOB_EXPIRES_SECONDS, {describe_duration(settings.JOB_EXPIRES_SECONDS)})",
        )

    def handle(
        self, *, older_than: float | None, dry_run: bool, as_json: bool, **options: Any
    ) -> None:
        """Purge and report."""
        purged = purge_jobs(older_than_seconds=older_than, dry_run=dry_run)
        counts = [describe_count(purged[key], noun) for key, noun in NOUNS.items()]
        verb = "Would delete" if dry_run else "Deleted"
        self.report(purged, [f"{verb} {', '.join(counts)}."], as_json=as_json)
