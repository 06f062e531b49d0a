"""Taking due jobs off the queue, in one statement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from django.db import connection

from processing.models import Job

#: A claim holds this long; the cluster that made it renews it every RENEW_SECONDS.
LEASE_SECONDS = 15
RENEW_SECONDS = 5

TABLE = Job._meta.db_table

#: The database's clock decides, because the clocks of two machines differ.
NOW = {
    "sqlite": "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'now')",
    "postgresql": "STATEMENT_TIMESTAMP()",
}
LEASE_END = {
    "sqlite": f"STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'now', '+{LEASE_SECONDS} seconds')",
    "postgresql": f"STATEMENT_TIMESTAMP() + INTERVAL '{LEASE_SECONDS} seconds'",
}
SKIP_LOCKED = {"sqlite": "", "postgresql": "FOR UPDATE SKIP LOCKED"}

# The states are literals: only then may SQLite use the partial indexes.
CLAIM = """
WITH due AS MATERIALIZED (
    SELECT id FROM {table}
    WHERE state = 'queued' AND queue = %s AND run_after <= {now}
    ORDER BY order_at LIMIT %s {skip_locked}
)
UPDATE {table}
SET state = 'running', deliveries = deliveries + 1, claimed_by = %s, started_at = {now},
    finished_at = NULL, progress = NULL, seat_pid = NULL, lease_expires_at = {lease_end}
WHERE id IN (SELECT id FROM due)
RETURNING id, deliveries, package, order_at
"""
ANY_DUE = """
SELECT 1 FROM {table} WHERE state = 'queued' AND queue = %s AND run_after <= {now} LIMIT 1
"""
COUNT_CLAIMED = "SELECT COUNT(*) FROM {table} WHERE state = 'running' AND claimed_by = %s"


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
    """A job that is ours to run until its lease ends."""

    delivery: Delivery
    package: str


def claim_jobs(queue: str, *, claimant: str, seats: int) -> list[Claim]:
    """Claim due jobs of `queue`, oldest first, as many as `claimant` has free seats."""
    if not _query(ANY_DUE, queue):
        return []
    [(busy,)] = _query(COUNT_CLAIMED, claimant)
    if busy >= seats:
        return []
    rows = _query(CLAIM, queue, seats - busy, claimant)
    rows.sort(key=lambda row: str(row[3]))
    return [
        Claim(delivery=Delivery(job_id=UUID(str(job_id)), number=number), package=package)
        for job_id, number, package, _ in rows
    ]


def _statement(template: str) -> str:
    vendor = connection.vendor
    return template.format(
        table=TABLE, now=NOW[vendor], lease_end=LEASE_END[vendor], skip_locked=SKIP_LOCKED[vendor]
    )


def _query(template: str, *parameters: str | int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(_statement(template), parameters)
        return list(cursor.fetchall())
