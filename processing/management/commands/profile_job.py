"""`manage.py profile_job`: which lines of a job's code allocate most."""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import CommandError

from processing.management.arguments import job_id, line_count, positive_seconds, whole_megabytes
from processing.management.memory_usage import read_memory_usage
from processing.management.report import ReportCommand, describe_bytes
from processing.memory.plan import describe_quota, show
from processing.memory.profiler import TOLD_LINES
from processing.memory.sizes import BURST_BYTES, LEAST_TASK_LIMIT_BYTES
from processing.memory.units import MIB
from processing.models import Job
from processing.queue.durations import describe_duration
from processing.queue.rehearsal import Rehearsal, rehearse
from processing.queue.work import find_obstacle

#: Small objects are traced at a tenth of the usual speed.
TIMEOUT_SECONDS = 600.0

HELP = """Run one job's work again here, once, under an allocation profiler, and print the lines
that allocated most.

The job stays as it is: its state, attempts, result and history are not touched, its progress and
what it writes to its sink go nowhere, and nothing is queued behind it. But it is the job's own code
that runs, and what that does it does again: rows that it writes, requests that it sends, tasks that
it enqueues. Under the profiler it is several times slower. Ctrl-C ends it."""


class Command(ReportCommand):
    """Changes nothing itself."""

    help = HELP

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the job and the bounds."""
        parser.formatter_class = RawDescriptionHelpFormatter
        super().add_arguments(parser)
        parser.add_argument("job_id", type=job_id, metavar="JOB_ID", help="as the API gives it")
        parser.add_argument(
            "--top",
            type=line_count,
            default=TOLD_LINES,
            metavar="N",
            help=f"print at most N lines (default: {TOLD_LINES})",
        )
        parser.add_argument(
            "--limit-mb",
            type=whole_megabytes,
            metavar="N",
            help="let it add N MB to its process (default: what the quota has left now)",
        )
        parser.add_argument(
            "--timeout",
            type=positive_seconds,
            default=TIMEOUT_SECONDS,
            metavar="SECONDS",
            help=f"end it after so long (default: {TIMEOUT_SECONDS:g})",
        )

    def handle(
        self,
        *,
        job_id: UUID,
        top: int,
        limit_mb: int | None,
        timeout: float,
        as_json: bool,
        **options: Any,
    ) -> None:
        """Do the work and report."""
        job = _find_job(job_id)
        limit_bytes = _find_room() if limit_mb is None else limit_mb * MIB
        try:
            rehearsal = rehearse(
                job, limit_bytes=limit_bytes, timeout_seconds=timeout, line_count=top
            )
        except KeyboardInterrupt as error:
            raise CommandError("Stopped; nothing of it is left.", returncode=130) from error
        document = {"job_id": str(job.id), **asdict(rehearsal)}
        self.report(document, _describe(job, rehearsal), as_json=as_json)


def _find_job(job_id: UUID) -> Job:
    job = Job.objects.select_related("upload").filter(pk=job_id).first()
    if job is None:
        raise CommandError(f"There is no job {job_id}.")
    if obstacle := find_obstacle(job):
        raise CommandError(obstacle)
    return job


def _find_room() -> int:
    """What is left of the quota, so that even a burst stays below it."""
    usage = read_memory_usage(settings.MEMORY_QUOTA, settings.BASE_DIR)
    room_bytes = usage.quota.usable_bytes - usage.used_bytes - BURST_BYTES
    if room_bytes < LEAST_TASK_LIMIT_BYTES:
        raise CommandError(
            f"There is no room beside what runs here: {show(usage.used_bytes)} of "
            f"{describe_quota(usage.quota)} are in use, and a burst may take {show(BURST_BYTES)}; "
            "stop something first, or say how much it may take with --limit-mb."
        )
    return room_bytes


def _describe(job: Job, rehearsal: Rehearsal) -> Iterator[str]:
    took = describe_duration(rehearsal.seconds)
    told = f": {rehearsal.error}" if rehearsal.error else ""
    yield f"{job.processor or job.function} {rehearsal.outcome} after {took}{told}"
    peak, limit = describe_bytes(rehearsal.peak_bytes), show(rehearsal.limit_bytes)
    yield f"At its peak it had added {peak}, the profile included, and it might add {limit}."
    if not rehearsal.profile:
        yield "It allocated too little, or too fast, for a profile."
        return
    yield f"\n{'memory':>10}  {'blocks':>9}  line"
    for line in rehearsal.profile:
        blocks = f"{line['blocks']:,}" if line["blocks"] else ""
        yield f"{describe_bytes(line['bytes']):>10}  {blocks:>9}  {line['place']}  {line['line']}"
        if "detail" in line:
            yield f"{'':21}  {line['detail']}"
