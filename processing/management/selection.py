"""Commands that move many jobs: by their ids, or by a filter, but never all by accident."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from typing import ClassVar
from uuid import UUID

from django.core.management.base import CommandError

from processing.management.arguments import job_id, job_limit
from processing.management.report import ReportCommand
from processing.models import Job
from processing.models.job_query import JobQuerySet
from processing.queue.bulk import Operation, Outcome, find_unknown, operate_on_jobs

#: One run moves so many jobs unless told otherwise, and takes so many ids.
DEFAULT_LIMIT = 10_000


class SelectionCommand(ReportCommand):
    """A command that applies its `operation` to the jobs that were chosen."""

    changes = True
    operation: ClassVar[Operation]

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the ids, --processor and --limit to what every report takes."""
        super().add_arguments(parser)
        parser.add_argument(
            "job_ids", nargs="*", type=job_id, metavar="JOB_ID", help="exactly these jobs"
        )
        parser.add_argument("--processor", metavar="NAME", help="jobs of this processor")
        parser.add_argument(
            "--limit",
            type=job_limit,
            default=DEFAULT_LIMIT,
            metavar="N",
            help=f"{self.operation.verb} at most N jobs, the oldest (default: {DEFAULT_LIMIT})",
        )

    def choose(
        self,
        job_ids: Sequence[UUID],
        filters: Mapping[str, str | None],
        *,
        states: Sequence[str],
        is_all: bool = False,
        wanted: str,
    ) -> JobQuerySet:
        """The jobs with these ids, or those in `states` that fit the filters given.

        Raises CommandError with `wanted`, the choices there are, unless there is one of the two,
        where `is_all` is the choice of every job in `states`.
        """
        given = {name: value for name, value in filters.items() if value is not None}
        if bool(job_ids) == (is_all or bool(given)):
            fault = "Give ids or filters, not both" if job_ids else "No jobs were chosen"
            raise CommandError(f"{fault}: {wanted}.")
        if len(job_ids) > DEFAULT_LIMIT:
            raise CommandError(f"{len(job_ids)} ids are too many; give at most {DEFAULT_LIMIT}.")
        if job_ids:
            return Job.objects.filter(pk__in=job_ids)
        states = [given.pop("state")] if "state" in given else states
        processor = given.pop("processor", None)
        return Job.objects.fitting(states=states, processor=processor).filter(**given)

    def operate(
        self,
        jobs: JobQuerySet,
        job_ids: Sequence[UUID],
        *,
        limit: int,
        dry_run: bool,
        as_json: bool,
    ) -> None:
        """Move the jobs and report. Raises CommandError when one of `job_ids` is unknown."""
        outcome = operate_on_jobs(
            self.operation, jobs, limit=limit, dry_run=dry_run, on_batch=self._show_progress
        )
        unknown = [str(job_id) for job_id in find_unknown(job_ids)]
        document = {
            "jobs": len(outcome.job_ids),
            **({"asked": len(outcome.asked_ids)} if self.operation.asked else {}),
            "skipped": outcome.skipped,
            "unknown": unknown,
            "has_more": outcome.has_more,
            "dry_run": dry_run,
        }
        self.report(document, self._describe(outcome, limit), as_json=as_json)
        if unknown:
            raise CommandError(f"There is no job {', '.join(unknown)}.")

    def _describe(self, outcome: Outcome, limit: int) -> list[str]:
        lines = [f"{outcome.describe_done()}."]
        if outcome.skipped:
            lines.append(f"Skipped: {outcome.describe_skipped()}.")
        if outcome.has_more:
            lines.append(f"There are more; this run takes {limit:,} at most. Run it again.")
        return lines

    def _show_progress(self, done: int, total: int) -> None:
        if done < total:
            self.stderr.write(f"{done:,} of {total:,} jobs done")
