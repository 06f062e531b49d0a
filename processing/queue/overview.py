"""The queue at a glance: what waits, what runs, and how much more may come."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, Sum, Value
from django.db.models.functions import Coalesce, NullIf
from django.utils import timezone

from processing.models import Job
from processing.models.states import FINAL_STATES, State
from processing.queue.bounds import QueueLoad
from processing.queue.clusters import count_workers

#: Finished jobs are counted up to here, so that a long history costs no more than a short one.
FINISHED_COUNT_LIMIT = 100_000


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """The unfinished jobs of one processor, or of one function that is not a processor."""

    name: str
    waiting_count: int
    running_count: int


@dataclass(frozen=True, kw_only=True)
class QueueOverview:
    """One look at the queue; `state_counts` says FINISHED_COUNT_LIMIT where it is that or more."""

    state_counts: dict[str, int]
    backlogs: tuple[Backlog, ...]
    load: QueueLoad
    waiting_bytes: int
    oldest_waiting_seconds: float | None
    worker_count: int


def summarize_queue() -> QueueOverview:
    """Look at the queue now: one query for live jobs, one for each final state."""
    groups = _group_live_jobs()
    waiting = [group for group in groups if group["state"] == State.QUEUED]
    running = [group for group in groups if group["state"] == State.RUNNING]
    counts = {State.QUEUED: _add_jobs(waiting), State.RUNNING: _add_jobs(running)}
    counts |= {state: _count_finished(state) for state in FINAL_STATES}
    return QueueOverview(
        state_counts={state.value: count for state, count in counts.items()},
        backlogs=tuple(_read_backlogs(groups)),
        load=QueueLoad(job_count=_add_jobs(groups), source_bytes=_add_bytes(groups)),
        waiting_bytes=_add_bytes(waiting),
        oldest_waiting_seconds=_find_longest_wait(waiting),
        worker_count=count_workers(),
    )


def _group_live_jobs() -> list[dict[str, Any]]:
    kind = Coalesce(NullIf("processor", Value("")), "function")
    groups: Any = Job.objects.live().values("state", kind=kind).order_by("kind")
    totals = {"jobs": Count("pk"), "bytes": Sum("source_bytes"), "due_at": Min("run_after")}
    return list(groups.annotate(**totals))


def _read_backlogs(groups: Iterable[dict[str, Any]]) -> Iterable[Backlog]:
    counts: dict[str, dict[str, int]] = {}
    for group in groups:
        counts.setdefault(group["kind"], {})[group["state"]] = group["jobs"]
    for name, by_state in counts.items():
        yield Backlog(
            name=name,
            waiting_count=by_state.get(State.QUEUED, 0),
            running_count=by_state.get(State.RUNNING, 0),
        )


def _count_finished(state: State) -> int:
    count: int = Job.objects.filter(state=state)[:FINISHED_COUNT_LIMIT].count()
    return count


def _find_longest_wait(waiting: Iterable[dict[str, Any]]) -> float | None:
    """Seconds since the first of the waiting jobs was due; None where none waits."""
    first_due: datetime | None = min((group["due_at"] for group in waiting), default=None)
    if first_due is None:
        return None
    return max(0.0, (timezone.now() - first_due).total_seconds())


def _add_jobs(groups: Iterable[dict[str, Any]]) -> int:
    return sum(group["jobs"] for group in groups)


def _add_bytes(groups: Iterable[dict[str, Any]]) -> int:
    return sum(group["bytes"] for group in groups)
