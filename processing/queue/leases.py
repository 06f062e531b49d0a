"""Leases: who still runs what, and what is to be given to somebody else.

The process that claims for a cluster keeps its leases too. It runs no code of a task, so that a
task which holds the interpreter for a minute does not lose its job. And when it hangs, or its whole
cluster is gone, nobody renews, and another cluster takes over.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Collection
from datetime import timedelta

import psutil
from django.db.models import Q
from django.db.models.functions import Now

from processing.models import Job
from processing.queue.claims import LEASE_SECONDS, RENEW_SECONDS

logger = logging.getLogger(__name__)

#: A claimed job waits milliseconds for its seat; after this long, in seconds, the seats hang.
START_SECONDS = 60
#: How much longer than their lease the jobs of another cluster are left to it, in seconds: its own
#: supervisor knows better whether a seat died.
FOREIGN_GRACE_SECONDS = 10
#: Lost jobs taken back at once.
BATCH_ROWS = 100


class Cluster:
    """The cluster that this process claims for: its name for claims, and its living processes."""

    def __init__(self) -> None:
        self._supervisor = psutil.Process(os.getppid())
        # With its start time: the next process on this machine may get the same id.
        born_at = f"{self._supervisor.create_time():.2f}"
        self.name = f"{socket.gethostname()[:60]}:{self._supervisor.pid}:{born_at}"

    def find_seats(self) -> list[int]:
        """The process ids of the supervisor's children, the seats among them."""
        return [child.pid for child in self._supervisor.children()]


def renew_leases(cluster: str, seats: Collection[int]) -> int:
    """Hold the jobs that run in these seats, or wait for one, for another LEASE_SECONDS."""
    fresh = Q(seat_pid=None, started_at__gt=Now() - timedelta(seconds=START_SECONDS))
    running = Job.objects.filter(state=Job.State.RUNNING, claimed_by=cluster)
    held = running.filter(Q(seat_pid__in=seats) | fresh)
    return held.update(lease_expires_at=Now() + timedelta(seconds=LEASE_SECONDS))


def reclaim_lost_jobs(cluster: str) -> int:
    """Take back what runs under an expired lease; returns how many jobs that were."""
    running = Job.objects.filter(state=Job.State.RUNNING)
    ours = Q(claimed_by=cluster, lease_expires_at__lt=Now())
    foreign_end = Now() - timedelta(seconds=FOREIGN_GRACE_SECONDS)
    lost = running.filter(ours | Q(lease_expires_at__lt=foreign_end)).without_bulk()
    return sum(_take_back(job, cluster) for job in lost[:BATCH_ROWS])


def _take_back(job: Job, cluster: str) -> bool:
    seat_died = job.claimed_by == cluster and job.seat_pid is not None
    error = {"error_traceback": "", **_explain(job, seat_died)}
    if not job.lose(seat_died=seat_died, error=error):
        return False
    logger.warning("job %s lost its worker %s: %s", job.id, job.claimed_by, error["error_message"])
    return True


def _explain(job: Job, seat_died: bool) -> dict[str, str]:
    if seat_died and _outlived_its_time(job):
        message = f"The task did not stop after its {job.timeout_seconds} seconds and was killed."
        return {"error_code": "timeout", "error_message": message}
    message = (
        "The process that ran the task died." if seat_died else "Its cluster is gone or hangs."
    )
    return {"error_code": "worker_lost", "error_message": message}


def _outlived_its_time(job: Job) -> bool:
    """Whether the seat was last seen alive when the task's time was up."""
    if job.timeout_seconds is None or job.started_at is None or job.lease_expires_at is None:
        return False
    seen_at = job.lease_expires_at - timedelta(seconds=LEASE_SECONDS)
    ended_at = job.started_at + timedelta(seconds=job.timeout_seconds)
    return seen_at + timedelta(seconds=RENEW_SECONDS) >= ended_at
