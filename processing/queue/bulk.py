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
from processing.models.job import JobQuerySet
from processing.models.states import CANCELLABLE_STATES, RETRYABLE_STATES, State

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


RETRY = Operation(verb="retry", done="queued again", legal_states=RETRYABLE_STATES, move=Job.retry)
CANCEL = Operation(
    verb="cancel", done="cancelled", legal_states=CANCELLABLE_STATES, move=Job.cancel
)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What an operation did to a selection of jobs, or would do in a dry run."""

    job_ids: tuple[UUID, ...]
    """The jobs that were moved."""

    skipped: Mapping[str, int]
    """How many were left alone, by the state that they were in; each up to the limit."""

    has_more: bool
    """Whether the limit left some that could have been moved."""

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
    found = list(legal.values_list("pk", flat=True)[: limit + 1])
    chosen = found[:limit]
    skipped = _count_states(jobs.exclude(state__in=operation.legal_states), limit)
    moved: list[UUID] = chosen if dry_run else []
    if not dry_run:
        for start in range(0, len(chosen), BATCH_JOBS):
            batch = chosen[start : start + BATCH_JOBS]
            moved += _move_batch(operation, batch, skipped)
            on_batch(start + len(batch), len(chosen))
    return Outcome(job_ids=tuple(moved), skipped=dict(skipped), has_more=len(found) > limit)


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


def _move_batch(operation: Operation, job_ids: Sequence[UUID], skipped: Counter[str]) -> list[UUID]:
    moved = []
    with transaction.atomic():
        jobs = Job.objects.without_bulk().in_bulk(job_ids)
        for job_id in job_ids:
            obstacle = _move(operation, jobs.get(job_id))
            if obstacle is None:
                moved.append(job_id)
            else:
                skipped[obstacle] += 1
    return moved


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
