"""`manage.py cancel_jobs`: take waiting jobs off the queue."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from processing.management.selection import SelectionCommand
from processing.models.states import State
from processing.queue.bulk import CANCEL


class Command(SelectionCommand):
    """Cancels jobs by their ids or by a filter."""

    help = (
        "Cancel jobs that wait; a job that runs is left alone. Name the jobs, or choose the "
        "waiting ones by a filter. retry_jobs queues them again."
    )
    operation = CANCEL

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add --all to what every selection takes."""
        super().add_arguments(parser)
        parser.add_argument("--all", action="store_true", help="every job that waits")

    def handle(
        self,
        *,
        job_ids: list[UUID],
        processor: str | None,
        all: bool,
        limit: int,
        dry_run: bool,
        as_json: bool,
        **options: Any,
    ) -> None:
        """Choose, cancel and report."""
        filters = {"processor": processor, "state": State.QUEUED.value if all else None}
        wanted = "name jobs by their ids, or use --processor or --all"
        jobs = self.choose(job_ids, filters, all_of=State.QUEUED, wanted=wanted)
        self.operate(jobs, job_ids, limit=limit, dry_run=dry_run, as_json=as_json)
