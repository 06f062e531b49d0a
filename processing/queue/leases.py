"""Leases: what this cluster holds, and what others have lost."""

from __future__ import annotations

import logging
from datetime import timedelta
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Now

from processing.models import Job
from processing.models.states import State
from processing.queue.claims import LEASE_SECONDS, Delivery
from processing.queue.cluster_name import ClusterName
from processing.queue.ending import Ending
from processing.queue.failures import make_error
from processing.queue.settle import settle_endings
from processing.queue.statements import fetch_rows

logger = logging.getLogger(__name__)

#: How much longer than their lease the jobs of another cluster are left to it, in seconds: its own
#: supervisor knows better whether a seat died.
FOREIGN_GRACE_SECONDS = 10
#: Lost jobs taken back at once.
BATCH_ROWS = 100

RENEW = """
UPDATE {jobs} SET lease_expires_at = {lease_end}
WHERE state = 'running' AND claimed_by = %(claimant)s
RETURNING id, deliveries
"""


def renew_leases(name: ClusterName) -> set[Delivery]:
    """Hold all that is claimed in this name for another LEASE_SECONDS; returns what that is."""
    rows = fetch_rows(RENEW, {"claimant": str(name), "lease_seconds": LEASE_SECONDS})
    return {Delivery(job_id=UUID(str(job_id)), number=number) for job_id, number in rows}


def find_cancelled(name: ClusterName) -> list[Delivery]:
    """What runs in this name and is to be cancelled."""
    asked = Job.objects.filter(state=State.RUNNING, claimed_by=str(name))
    asked = asked.filter(cancel_requested_at__isnull=False)
    rows = asked.values_list("pk", "deliveries")[:BATCH_ROWS]
    return [Delivery(job_id=job_id, number=number) for job_id, number in rows]


def reclaim_lost_jobs(name: ClusterName) -> int:
    """Take back what no living cluster holds: BATCH_ROWS at most; returns how many that were.

    That is what runs under a lease that ended FOREIGN_GRACE_SECONDS ago, and at once what a dead
    cluster of this machine held, or a dead supervisor of this cluster.
    """
    running = Job.objects.filter(state=State.RUNNING)
    dead = [owner for owner in _find_owners() if _is_dead(owner, name)]
    expired_at = Now() - timedelta(seconds=FOREIGN_GRACE_SECONDS)
    lost = running.filter(Q(claimed_by__in=dead) | Q(lease_expires_at__lt=expired_at))
    rows = list(lost.exclude(claimed_by=str(name)).values_list("pk", "deliveries")[:BATCH_ROWS])
    give_up([Delivery(job_id=job_id, number=number) for job_id, number in rows])
    return len(rows)


def give_up(deliveries: list[Delivery]) -> None:
    """Count these deliveries as lost with their cluster: no attempts, but no endless ones."""
    if not deliveries:
        return  # and SQLite's one write lock is left alone
    error = make_error("worker_lost", "Its cluster is gone or hangs.")
    for delivery in deliveries:
        logger.warning("job %s lost its cluster", delivery)
    settle_endings([Ending.of_lost(delivery, error) for delivery in deliveries])


def _find_owners() -> list[str]:
    running = Job.objects.filter(state=State.RUNNING)
    return list(running.values_list("claimed_by", flat=True).distinct().order_by()[:BATCH_ROWS])


def _is_dead(owner: str, living: ClusterName) -> bool:
    try:
        return ClusterName.parse(owner).is_dead(living)
    except ValueError:
        return False
