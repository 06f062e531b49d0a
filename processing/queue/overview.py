"""The queue at a glance: what waits, what runs, and how much more may come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Sum, Value
from django.db.models.functions import Coalesce, NullIf
from django.utils import timezone

from processing.models import Job, QueuePause
from processing.models.states import FINAL_STATES, State
from processing.queue.bounds import QueueLoad
from processing.queue.clusters import count_workers
from processing.queue.pause import list_pauses
from processing.queue.tally import Tally
from processing.queue.waiting import waiting

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

    pauses: tuple[QueuePause, ...]
    state_counts: dict[str, int]
    backlogs: tuple[Backlog, ...]
    load: QueueLoad
    waiting_bytes: int
    oldest_waiting_seconds: float | None
    counted_seconds_ago: float
    """The age of what is said of waiting jobs: below a second, unless they are many."""
    worker_count: int


def summarize_queue() -> QueueOverview:
    """Look at the queue now, in a few queries that take the same time however much waits."""
    tally = waiting.look()
    running = _group_running_jobs()
    running_counts = {group["kind"]: group["jobs"] for group in running}
    running_count = sum(running_counts.values())
    counts = {State.QUEUED: tally.job_count, State.RUNNING: running_count}
    counts |= {state: _count_finished(state) for state in FINAL_STATES}
    return QueueOverview(
        pauses=tuple(list_pauses()),
        state_counts={state.value: count for state, count in counts.items()},
        backlogs=tuple(_list_backlogs(tally.job_counts, running_counts)),
        load=QueueLoad(
            job_count=tally.job_count + running_count,
            source_bytes=tally.source_bytes + sum(group["bytes"] for group in running),
        ),
        waiting_bytes=tally.source_bytes,
        oldest_waiting_seconds=_find_longest_wait(tally),
        counted_seconds_ago=tally.age_seconds,
        worker_count=count_workers(),
    )


def _group_running_jobs() -> list[dict[str, Any]]:
    kind = Coalesce(NullIf("processor", Value("")), "function")
    groups: Any = Job.objects.filter(state=State.RUNNING).values(kind=kind)
    return list(groups.annotate(jobs=Count("pk"), bytes=Sum("source_bytes")).order_by("kind"))


def _list_backlogs(waiting: Mapping[str, int], running: Mapping[str, int]) -> Iterable[Backlog]:
    for name in sorted({*waiting, *running}):
        yield Backlog(
            name=name,
            waiting_count=waiting.get(name, 0),
            running_count=running.get(name, 0),
        )


def _count_finished(state: State) -> int:
    count: int = Job.objects.in_state(state)[:FINISHED_COUNT_LIMIT].count()
    return count


def _find_longest_wait(tally: Tally) -> float | None:
    """Seconds since the first of the waiting jobs was due; None where none waits."""
    if tally.first_due_at is None:
        return None
    return max(0.0, (timezone.now() - tally.first_due_at).total_seconds())
