"""Taking due jobs off the queue, in one statement, and putting unused ones back."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from processing.models import Job
from processing.models.states import NO_CLAIM, State
from processing.queue.due import Due, look_at_due
from processing.queue.statements import fetch_rows

#: A claim holds this long; the cluster that made it renews it every RENEW_SECONDS.
LEASE_SECONDS = 15
RENEW_SECONDS = 5
#: The packages of one claim together, in bytes, as long as there is more than one.
CLAIM_MOST_BYTES = 8 * 1024 * 1024

#: Where another cluster was faster with all that was chosen, it is chosen anew so many times.
CHOICE_TRIES = 3

# The states are literals, as in the conditions of the partial indexes.
DUE = """
WITH due AS MATERIALIZED (
    SELECT id, order_at, package_bytes FROM {jobs}
    WHERE state = 'queued' AND queue = %(queue)s AND run_after <= {now} AND order_at <= {farthest}
        AND NOT EXISTS (SELECT 1 FROM {pauses} WHERE {pauses}.queue = %(queue)s)
    ORDER BY order_at LIMIT %(count)s {skip_locked}
), chosen AS (
    SELECT id FROM (
        SELECT id, SUM(package_bytes) OVER earlier AS total, ROW_NUMBER() OVER earlier AS place
        FROM due WINDOW earlier AS (ORDER BY order_at, id)
    ) AS counted
    WHERE total <= %(bytes)s OR place = 1
)
"""
CHOSEN = """
WITH chosen AS MATERIALIZED (
    SELECT id FROM {jobs} WHERE id IN ({chosen_ids}) AND state = 'queued' {skip_locked}
)
"""
TAKE = """
UPDATE {jobs}
SET state = 'running', deliveries = deliveries + 1, claimed_by = %(claimant)s, started_at = {now},
    finished_at = NULL, progress = NULL, lease_expires_at = {lease_end}
WHERE id IN (SELECT id FROM chosen)
RETURNING id, deliveries, package, timeout_seconds, order_at,
    COALESCE(NULLIF(processor, ''), function), memory_limit_bytes, runs_alone
"""
CLAIM = DUE + TAKE
CLAIM_CHOSEN = CHOSEN + TAKE
ANY_DUE = """
SELECT 1 FROM {jobs}
WHERE state = 'queued' AND queue = %(queue)s AND run_after <= {now} AND order_at <= {farthest}
    AND NOT EXISTS (SELECT 1 FROM {pauses} WHERE {pauses}.queue = %(queue)s)
LIMIT 1
"""
NEXT_DUE = """
SELECT {seconds_until_due} FROM {jobs}
WHERE state = 'queued' AND queue = %(queue)s AND run_after > {now} AND order_at > {nearest}
ORDER BY order_at LIMIT 1
"""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """The fence: which job, and which delivery of it."""

    job_id: UUID
    number: int

    def __str__(self) -> str:
        return f"{self.job_id.hex}:{self.number}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The delivery that `str()` wrote. Raises ValueError for anything else."""
        job_id, _, number = text.partition(":")
        return cls(job_id=UUID(job_id), number=int(number))


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A job that is ours to run until its lease ends.

    `name` is its processor, or the function of a plain task. Without a limit of its own it has the
    cluster's; one that `runs_alone` has all the room there is.
    """

    delivery: Delivery
    package: str
    timeout_seconds: float | None
    name: str = ""
    memory_limit_bytes: int | None = None
    runs_alone: bool = False

    @property
    def job_id(self) -> UUID:
        """The job."""
        return self.delivery.job_id


#: Takes the first due jobs in their order, and returns those of them that are to be claimed.
Choose = Callable[[Iterable[Due]], list[Due]]


def claim_jobs(queue: str, *, claimant: str, count: int) -> list[Claim]:
    """Claim at most `count` due jobs of `queue`, the first in its order first.

    Together their packages have at most CLAIM_MOST_BYTES, unless it is one alone. A paused queue
    gives none.
    """
    parameters = {"queue": queue, "count": count, "bytes": CLAIM_MOST_BYTES}
    return _claim(CLAIM, claimant, parameters)


def claim_chosen(queue: str, *, claimant: str, choose: Choose) -> list[Claim]:
    """Claim those of the first due jobs of `queue` that `choose` chooses, with the same bounds.

    What another cluster claims meanwhile is left out.
    """
    for _ in range(CHOICE_TRIES):
        with closing(look_at_due(queue)) as due:  # SQLite writes nothing beside an open look
            chosen = [job.job_id.hex for job in _bound(choose(due))]
        claims = _claim(CLAIM_CHOSEN, claimant, {"ids": json.dumps(chosen)}) if chosen else []
        if claims or not chosen:
            return claims
    return []


def _bound(jobs: Iterable[Due]) -> Iterator[Due]:
    """The first of them whose packages have at most CLAIM_MOST_BYTES together, or one."""
    total_bytes = 0
    for job in jobs:
        total_bytes += job.package_bytes
        if total_bytes > max(CLAIM_MOST_BYTES, job.package_bytes):
            return
        yield job


def _claim(template: str, claimant: str, parameters: Mapping[str, Any]) -> list[Claim]:
    common = {"claimant": claimant, "lease_seconds": LEASE_SECONDS}
    rows = fetch_rows(template, {**common, **parameters})
    rows.sort(key=lambda row: str(row[4]))
    return [_make_claim(*row) for row in rows]


def _make_claim(
    job_id: Any,
    number: int,
    package: str,
    timeout_seconds: float | None,
    order_at: Any,
    name: str,
    memory_limit_bytes: int | None,
    runs_alone: Any,
) -> Claim:
    """The claim of a row that TAKE returns."""
    return Claim(
        delivery=Delivery(job_id=UUID(str(job_id)), number=number),
        package=package,
        timeout_seconds=timeout_seconds,
        name=name,
        memory_limit_bytes=memory_limit_bytes,
        runs_alone=bool(runs_alone),
    )


def has_due_jobs(queue: str) -> bool:
    """Whether there is anything to claim."""
    return bool(fetch_rows(ANY_DUE, {"queue": queue}))


def release_claims(claims: Collection[Claim], *, claimant: str) -> None:
    """Put back, to their old places, jobs that were claimed and never begun."""
    by_number: dict[int, list[UUID]] = defaultdict(list)
    for claim in claims:
        by_number[claim.delivery.number].append(claim.delivery.job_id)
    running = Job.objects.filter(state=State.RUNNING, claimed_by=claimant)
    with transaction.atomic():
        for number, ids in by_number.items():
            held = running.filter(pk__in=ids, deliveries=number)  # a later claim may be ours too
            held.filter(cancel_requested_at=None).update(
                state=State.QUEUED, deliveries=F("deliveries") - 1, started_at=None, **NO_CLAIM
            )
            held.update(state=State.CANCELLED, finished_at=Now(), started_at=None, **NO_CLAIM)


def find_next_due_seconds(queue: str) -> float | None:
    """How long until the first of the jobs that wait for their time; None where none waits.

    Of jobs of several priorities it may be another than the first, whose due time is found by the
    next look then.
    """
    rows = fetch_rows(NEXT_DUE, {"queue": queue})
    return float(rows[0][0]) if rows else None
