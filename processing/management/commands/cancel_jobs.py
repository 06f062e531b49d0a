"""`manage.py cancel_jobs`: take waiting jobs off the queue and stop running ones."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from processing.management.selection import SelectionCommand
from processing.models.states import CANCELLABLE_STATES
from processing.queue.bulk import CANCEL


class Command(SelectionCommand):
    """Cancels jobs by their ids or by a filter."""

    help = (
        "Cancel jobs: one that waits is cancelled at once, one that runs is asked to stop, which "
        "its worker does within moments. Name the jobs, or choose among those that wait or run by "
        "a filter. retry_jobs queues them again."
    )
    operation = CANCEL

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add --state and --all to what every selection takes."""
        super().add_arguments(parser)
        states = [state.value for state in CANCELLABLE_STATES]
        parser.add_argument("--state", choices=states, help="jobs in this state (default: both)")
        parser.add_argument("--all", action="store_true", help="every job that waits or runs")

    def handle(
        self,
        *,
        job_ids: list[UUID],
        state: str | None,
        processor: str | None,
        all: bool,
        limit: int,
        dry_run: bool,
        as_json: bool,
        **options: Any,
    ) -> None:
        """Choose, cancel and report."""
        filters = {"state": state, "processor": processor}
        wanted = "name jobs by their ids, or use --state, --processor or --all"
        jobs = self.choose(job_ids, filters, states=CANCELLABLE_STATES, is_all=all, wanted=wanted)
        self.operate(jobs, job_ids, limit=limit, dry_run=dry_run, as_json=as_json)
