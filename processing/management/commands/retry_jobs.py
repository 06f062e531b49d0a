"""`manage.py retry_jobs`: queue failed or cancelled jobs again."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from processing.management.selection import SelectionCommand
from processing.models.states import ERROR_CODES, RETRYABLE_STATES, State
from processing.queue.bulk import RETRY


class Command(SelectionCommand):
    """Retries jobs by their ids or by a filter."""

    help = (
        "Queue failed or cancelled jobs again, with their attempts reset. Name the jobs, or "
        "choose them by a filter: then failed ones are meant unless --state says otherwise."
    )
    operation = RETRY

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add --state and --error-code to what every selection takes."""
        super().add_arguments(parser)
        states = [state.value for state in RETRYABLE_STATES]
        parser.add_argument("--state", choices=states, help="jobs that ended so (default: failed)")
        parser.add_argument("--error-code", choices=ERROR_CODES, help="jobs with this error")

    def handle(
        self,
        *,
        job_ids: list[UUID],
        state: str | None,
        processor: str | None,
        error_code: str | None,
        limit: int,
        dry_run: bool,
        as_json: bool,
        **options: Any,
    ) -> None:
        """Choose, retry and report."""
        filters = {"state": state, "processor": processor, "error_code": error_code}
        states = [state or State.FAILED]
        wanted = "name jobs by their ids, or use --state, --processor or --error-code"
        jobs = self.choose(job_ids, filters, states=states, wanted=wanted)
        self.operate(jobs, job_ids, limit=limit, dry_run=dry_run, as_json=as_json)
