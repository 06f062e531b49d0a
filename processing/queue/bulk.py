"""Retrying or cancelling many jobs: only legal states are touched, the rest is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Count

from processing.errors import IllegalState
from processing.models import Job
from processing.models.job_query import JobQuerySet
from processing.models.states import CANCELLABLE_STATES, RETRYABLE_STATES, State
from processing.queue.notify import notify_queue
from processing.queue.waiting import waiting

#: Jobs moved in one transaction: short enough for the workers to claim in between.
BATCH_JOBS = 100
#: What `skipped` calls a job that was removed while we worked.
GONE = "gone"


@dataclass(frozen=True, kw_only=True)
class Operation:
    """A transition of one job and the states in which it is legal."""

    verb: str
    done: str
    legal_states: tuple[State, ...]
    move: Callable[[Job], None]
    asked: str = ""
    """What is said of a job that runs: the operation only asks for it. Empty: it is not legal."""


def retry_job(job: Job) -> None:
    """Queue a failed or cancelled job again and wake its clusters. Raises IllegalState."""
    job.retry()
    notify_queue(job.queue)


RETRY = Operation(verb="retry", done="queued again", legal_states=RETRYABLE_STATES, move=retry_job)
CANCEL = Operation(
    verb="cancel",
    done="cancelled",
    legal_states=CANCELLABLE_STATES,
    move=Job.cancel,
    asked="asked to stop",
)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What an operation did to a selection of jobs, or would do in a dry run."""

    operation: Operation
    dry_run: bool

    job_ids: tuple[UUID, ...]
    """The jobs that were moved."""

    asked_ids: tuple[UUID, ...]
    """Those that run on until their cluster does what was asked."""

    skipped: Mapping[str, int]
    """How many were left alone, by the state that they were in; each up to the limit."""

    has_more: bool
    """Whether the limit left some that could have been moved."""

    def describe_done(self) -> str:
        """Such as "2 jobs cancelled, 1 running job asked to stop"."""
        would_be = "would be " if self.dry_run else ""
        parts = []
        if self.job_ids or not self.asked_ids:
            parts.append(f"{_count(self.job_ids, 'job')} {would_be}{self.operation.done}")
        if self.asked_ids:
            asked = _count(self.asked_ids, "running job")
            parts.append(f"{asked} {would_be}{self.operation.asked}")
        return ", ".join(parts)

    def describe_skipped(self) -> str:
        """Such as "2 running, 1 succeeded"; empty where nothing was skipped."""
        return ", ".join(f"{count:,} {state}" for state, count in sorted(self.skipped.items()))


def operate_on_jobs(
    operation: Operation,
    jobs: JobQuerySet,
    *,
    limit: int,
    dry_run: bool = False,
    on_batch: Callable[[int, int], None] = lambda done, total: None,
) -> Outcome:
    """Apply `operation` to at most `limit` of `jobs`, oldest first.

    A job that left its legal state meanwhile is skipped like one that never was in it. `on_batch`
    is told after each batch how many of how many jobs have been tried.
    """
    legal = jobs.filter(state__in=operation.legal_states).order_by("created_at", "pk")
    found = list(legal.values_list("pk", "state")[: limit + 1])
    chosen = dict(found[:limit])
    skipped = _count_states(jobs.exclude(state__in=operation.legal_states), limit)
    ended = chosen if dry_run else _move_all(operation, list(chosen), skipped, on_batch)
    return Outcome(
        operation=operation,
        dry_run=dry_run,
        job_ids=tuple(key for key, state in ended.items() if state != State.RUNNING),
        asked_ids=tuple(key for key, state in ended.items() if state == State.RUNNING),
        skipped=dict(skipped),
        has_more=len(found) > limit,
    )


def find_unknown(job_ids: Sequence[UUID]) -> list[UUID]:
    """Those of `job_ids` that name no job, in their order."""
    known: set[UUID] = set()
    for start in range(0, len(job_ids), BATCH_JOBS):
        batch = job_ids[start : start + BATCH_JOBS]
        known.update(Job.objects.filter(pk__in=batch).values_list("pk", flat=True))
    return [job_id for job_id in job_ids if job_id not in known]


def _count_states(jobs: JobQuerySet, limit: int) -> Counter[str]:
    """How many of `jobs` are in which state, looking at `limit` of them at most."""
    some = jobs.order_by().values("pk")[:limit]
    states = Job.objects.filter(pk__in=some).values("state").annotate(jobs=Count("pk"))
    return Counter({group["state"]: group["jobs"] for group in states})


def _move_all(
    operation: Operation,
    job_ids: Sequence[UUID],
    skipped: Counter[str],
    on_batch: Callable[[int, int], None],
) -> dict[UUID, str]:
    """Move the jobs in batches; those that were moved, and the states that they are in now."""
    ended: dict[UUID, str] = {}
    for start in range(0, len(job_ids), BATCH_JOBS):
        batch = job_ids[start : start + BATCH_JOBS]
        ended |= _move_batch(operation, batch, skipped)
        on_batch(start + len(batch), len(job_ids))
    if ended:
        waiting.forget()
    return ended


def _move_batch(
    operation: Operation, job_ids: Sequence[UUID], skipped: Counter[str]
) -> dict[UUID, str]:
    ended: dict[UUID, str] = {}
    with transaction.atomic():
        jobs = Job.objects.without_bulk().in_bulk(job_ids)
        for job_id in job_ids:
            job = jobs.get(job_id)
            obstacle = _move(operation, job)
            if job is not None and obstacle is None:
                ended[job_id] = job.state
            else:
                skipped[obstacle or GONE] += 1
    return ended


def _move(operation: Operation, job: Job | None) -> str | None:
    """Move one job; the state that it is in where that was not legal."""
    if job is None:
        return GONE
    try:
        operation.move(job)
    except IllegalState:
        return job.state
    except Job.DoesNotExist:
        return GONE
    return None


def _count(job_ids: Sequence[UUID], noun: str) -> str:
    return f"{len(job_ids):,} {noun}{'' if len(job_ids) == 1 else 's'}"
