"""django-q2's broker on the jobs table: `Job` is the queue."""

from __future__ import annotations

import os
import socket
import threading
import time
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import close_old_connections
from django.db.models.functions import Now
from django_q.brokers import Broker
from django_q.conf import Conf
from django_q.signing import SignedPackage
from django_q.utils import get_func_repr

from processing.models import Job
from processing.queue.claims import Delivery, claim_jobs, reclaim_lost_jobs

#: The wait between two looks at the queue, in seconds: while nothing came, and just after work.
IDLE_POLL_SECONDS = 0.1
BUSY_POLL_SECONDS = 0.005
#: How long after a claim the short wait lasts, in seconds.
BUSY_LASTS_SECONDS = 1.0
#: How often a cluster looks for jobs whose worker is gone, in seconds.
RECLAIM_EVERY_SECONDS = 2.0

_enqueueing = threading.local()


def keep_task(task: dict[str, Any]) -> None:
    """Remember the task that is being packed, so that `enqueue` need not unpack it."""
    _enqueueing.task = task


class DatabaseBroker(Broker):  # type: ignore[misc]  # django-q2 is untyped
    """Writes jobs in the caller's transaction and hands them out under a lease.

    `columns` are further columns of the one job that this broker will enqueue.
    """

    def __init__(self, list_key: str | None = None, columns: dict[str, Any] | None = None) -> None:
        super().__init__(list_key=list_key)
        self.columns = columns or {}
        self._reclaimed_at = self._claimed_at = float("-inf")

    def __setstate__(self, state: tuple[str, str | None]) -> None:
        super().__setstate__(state)
        self.columns = {}
        self._reclaimed_at = self._claimed_at = float("-inf")

    def enqueue(self, task: str) -> UUID:
        """Store the signed package `task` as a queued job; returns the job's id."""
        unpacked = _enqueueing.__dict__.pop("task", None) or SignedPackage.loads(task)
        job = Job(package=task, queue=self.list_key, **(_read_columns(unpacked) | self.columns))
        job.run_after = job.order_at = Now()  # the database's clock
        job.save(force_insert=True)
        return job.pk

    def dequeue(self) -> list[tuple[str, str]] | None:
        """Claim what the cluster has free seats for, or wait a moment and return None.

        The pusher calls this; its parent is the process that owns the seats.
        """
        close_old_connections()
        self._reclaim_when_due()
        claimant = f"{socket.gethostname()}:{os.getppid()}"
        claims = claim_jobs(self.list_key, claimant=claimant, seats=Conf.WORKERS)
        if claims:
            self._claimed_at = time.monotonic()
            return [(str(claim.delivery), claim.package) for claim in claims]
        was_busy = time.monotonic() - self._claimed_at < BUSY_LASTS_SECONDS
        time.sleep(BUSY_POLL_SECONDS if was_busy else IDLE_POLL_SECONDS)
        return None

    def acknowledge(self, task_id: str) -> None:
        """Do nothing: a job is settled by its outcome, which acknowledgement does not carry."""

    def fail(self, task_id: str) -> None:
        """End a job whose package was not signed with our SECRET_KEY."""
        delivery = Delivery.parse(task_id)
        error = {
            "error_code": "task_error",
            "error_message": "The job was signed with another SECRET_KEY or is damaged.",
            "error_traceback": "",
        }
        Job(pk=delivery.job_id).fail(delivery=delivery.number, error=error)

    def queue_size(self) -> int:
        """How many jobs wait in this queue."""
        return Job.objects.filter(queue=self.list_key, state=Job.State.QUEUED).count()

    def lock_size(self) -> int:
        """How many jobs of this queue run."""
        return Job.objects.filter(queue=self.list_key, state=Job.State.RUNNING).count()

    def delete(self, task_id: str) -> None:
        """Remove a job and what it was to read."""
        Job.objects.filter(pk=Delivery.parse(task_id).job_id).delete()

    def purge_queue(self) -> int:
        """Remove every waiting job of this queue; returns how many."""
        waiting = Job.objects.filter(queue=self.list_key, state=Job.State.QUEUED)
        return waiting.delete()[0]

    def delete_queue(self) -> int:
        """Remove the queue, which is its waiting jobs."""
        return self.purge_queue()

    def ping(self) -> bool:
        """Whether the queue can be reached."""
        return Job.objects.exists() in {True, False}

    def info(self) -> str:
        """What django-q2's monitor shows as the broker."""
        return f"Plimsoll jobs in {settings.DATABASES['default']['ENGINE'].rsplit('.', 1)[1]}"

    def _reclaim_when_due(self) -> None:
        if time.monotonic() - self._reclaimed_at >= RECLAIM_EVERY_SECONDS:
            reclaim_lost_jobs()
            self._reclaimed_at = time.monotonic()


def _read_columns(task: dict[str, Any]) -> dict[str, Any]:
    timeout_seconds = task.get("timeout", settings.TASK_TIMEOUT_SECONDS)
    return {
        "id": UUID(task["id"]),
        "name": task["name"][:100],
        "function": str(get_func_repr(task["func"]))[:256],
        "timeout_seconds": timeout_seconds,
        "max_attempts": 1 if task.get("ack_failure") else settings.TASK_MAX_ATTEMPTS,
    }
