"""The gate: only what fits into the memory that is left is begun, and nothing waits for ever."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Protocol, TypeVar
from uuid import UUID

from processing.memory.learnt_peaks import LearntPeaks
from processing.memory.plan import WorkerPlan
from processing.memory.room import Hand, Room
from processing.memory.sizes import BURST_BYTES, PAUSE_SHARE

#: A job that is the first of those without room for so long, in seconds, is passed by no other.
RESERVE_SECONDS = 10.0
#: Where that is a job that is to run alone, it is passed by none until it has waited for so long,
#: and from the beginning of the next cycle on as if it had come then; in seconds.
ALONE_RESERVED_UNTIL_SECONDS = 70.0
ALONE_CYCLE_SECONDS = 600.0
#: Limits of tasks whose effective ones are kept.
MOST_LIMITS = 100
#: Names of jobs too large for the room of their moment that are remembered.
MOST_LARGE_NAMES = 100


class Asking(Protocol):
    """A job that asks for memory: one that waits in the queue, or one that was claimed."""

    @property
    def job_id(self) -> UUID:
        """Which one."""

    @property
    def name(self) -> str:
        """Its processor, or the function of a plain task."""

    @property
    def memory_limit_bytes(self) -> int | None:
        """Its own limit; None for the cluster's."""

    @property
    def runs_alone(self) -> bool:
        """Whether nothing may run beside it: it has all the room there is."""


Job = TypeVar("Job", bound=Asking)


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """The first job in the queue's order that did not fit, and since when that is so.

    It may take `expected_bytes`. One that `runs_alone` has to wait for the longest of all tasks
    that run: it lets others pass again and again, so that their seats are not idle for hours.
    """

    job_id: UUID
    expected_bytes: int
    since: float
    runs_alone: bool = False

    def has_reserved(self, now: float) -> bool:
        """Whether it has waited for long enough that nothing passes it any more."""
        waited_seconds = now - self.since
        if self.runs_alone:
            waited_seconds %= ALONE_CYCLE_SECONDS
            return RESERVE_SECONDS <= waited_seconds < ALONE_RESERVED_UNTIL_SECONDS
        return waited_seconds >= RESERVE_SECONDS


class Gate:
    """Decides what may begin. Times are of the monotonic clock, in seconds."""

    def __init__(self, plan: WorkerPlan) -> None:
        self.peaks = LearntPeaks()
        self.waiting: Waiting | None = None
        self.wants_fresh_seats = False
        """Whether the idle seats are to be replaced: a job waits for what they have grown by."""
        self._find_limit = lru_cache(MOST_LIMITS)(partial(_find_limit, plan))
        self._most_bytes = _find_most(plan)
        self._large: OrderedDict[str, int | None] = OrderedDict()
        self._forced_id: UUID | None = None

    def expect(self, job: Asking) -> int:
        """What a job may take at its peak, as far as that is known, in bytes."""
        limit_bytes = self._find_limit(job.memory_limit_bytes, job.runs_alone)
        return self.peaks.expect(job.name, limit_bytes)

    def find_room(self, base_bytes: int, hands: Iterable[Hand]) -> Room:
        """The room that the seats have beside what they have in hand.

        `base_bytes` is what is in use without what running tasks have added. That is known from
        the hands, which are younger than any reading of all that is in use.
        """
        return Room(self._most_bytes - base_bytes, hands)

    def is_short(self, room: Room) -> bool:
        """Whether the next job may be one that does not fit, as far as jobs are known."""
        if self.waiting is not None or room.is_closed:
            return True
        known = (
            self.peaks.expect(name, self._find_limit(limit_bytes, False))
            for name, limit_bytes in self._large.items()
        )
        return room.left_bytes < max([self._find_limit(None, False), *known])

    def admit(self, job: Asking, room: Room) -> bool:
        """Whether a job may begin; its place in `room` is taken then."""
        if job.runs_alone:
            return room.takes_alone()
        if room.is_unused and job.job_id == self._forced_id:
            room.take(self.expect(job))
            return True
        return room.takes(self.expect(job))

    def refuse(self, job: Asking, now: float) -> None:
        """A job that had been claimed does not fit: it waits in the queue from now on."""
        self._large[job.name] = job.memory_limit_bytes
        self._large.move_to_end(job.name)
        if len(self._large) > MOST_LARGE_NAMES:
            self._large.popitem(last=False)
        if self.waiting is None:
            self._wait(job, now)

    def choose(
        self, due: Iterable[Job], room: Room, now: float, *, count: int, has_fresh_seats: bool
    ) -> list[Job]:
        """At most `count` of the jobs that are `due`, in the queue's order, that can be begun.

        The first without room lets others pass for RESERVE_SECONDS. Where nothing runs and nothing
        fits it is begun all the same, once the seats are fresh ones.
        """
        chosen: list[Job] = []
        first: Job | None = None
        has_seen_all = True
        self.wants_fresh_seats = False
        for job in due:
            if len(chosen) == count or room.is_closed:
                has_seen_all = False
                break
            if self.admit(job, room):
                chosen.append(job)
                continue
            if first is None:
                first = job
            if self._has_reserved(job, now):
                break
        if first is not None and room.is_unused:
            if has_fresh_seats:
                self._forced_id = first.job_id
                chosen.append(first)
            self.wants_fresh_seats = not has_fresh_seats
        self._note(chosen, first, now, has_seen_all=has_seen_all)
        return chosen

    def _has_reserved(self, job: Asking, now: float) -> bool:
        waiting = self.waiting
        return waiting is not None and waiting.job_id == job.job_id and waiting.has_reserved(now)

    def _note(
        self, chosen: Sequence[Asking], first: Asking | None, now: float, *, has_seen_all: bool
    ) -> None:
        """Remember who waits. One behind the jobs that were seen goes on waiting."""
        begun = {job.job_id for job in chosen}
        if first is not None and first.job_id not in begun:
            if self.waiting is None or self.waiting.job_id != first.job_id:
                self._wait(first, now)
        elif has_seen_all or (self.waiting is not None and self.waiting.job_id in begun):
            self.waiting = None

    def _wait(self, job: Asking, now: float) -> None:
        self.waiting = Waiting(
            job_id=job.job_id,
            expected_bytes=self.expect(job),
            since=now,
            runs_alone=job.runs_alone,
        )


def _find_limit(plan: WorkerPlan, limit_bytes: int | None, runs_alone: bool) -> int:
    return plan.limit_task(limit_bytes, is_alone=runs_alone)


def _find_most(plan: WorkerPlan) -> int:
    """What usage may be expected to become: below the line, but as much as the plan counts with.

    That is a task in every seat, each at the limit that all have.
    """
    usable_bytes = plan.quota.usable_bytes
    planned_bytes = plan.total_bytes - plan.seats * BURST_BYTES
    return max(int(PAUSE_SHARE * usable_bytes), min(usable_bytes, planned_bytes))
