"""django-q2's broker on the jobs table: `Job` is the queue."""

from __future__ import annotations

import logging
import math
import threading
import time
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, connection
from django.db.models.functions import Now
from django_q.brokers import Broker
from django_q.conf import Conf
from django_q.signing import SignedPackage
from django_q.utils import get_func_repr

from processing.models import Job
from processing.models.states import SPARE_DELIVERIES
from processing.queue.claims import RENEW_SECONDS, Claim, Delivery, claim_jobs
from processing.queue.failures import make_error
from processing.queue.leases import Cluster, reclaim_lost_jobs, renew_leases

logger = logging.getLogger(__name__)

#: The wait between two looks at the queue, in seconds: while nothing came, just after work, and
#: while the database is away.
IDLE_POLL_SECONDS = 0.1
BUSY_POLL_SECONDS = 0.005
AWAY_POLL_SECONDS = 1.0
#: How long after a claim the short wait lasts, in seconds.
BUSY_LASTS_SECONDS = 1.0

#: The caller of what no request submitted: schedules, and tasks of the operator's own code.
SYSTEM_CALLER = "system"

_enqueueing = threading.local()


def keep_task(task: dict[str, Any]) -> None:
    """Remember the task that is being packed, so that `enqueue` need not unpack it.

    Its timeout becomes what django-q2's worker can use: whole seconds, or -1 for none.
    """
    if "timeout" in task:
        task["timeout"] = _read_timeout(task) or -1
    if not task.get("sync"):  # such a task runs in its caller and is never enqueued
        _enqueueing.task = task


class DatabaseBroker(Broker):  # type: ignore[misc]  # django-q2 is untyped
    """Writes jobs in the caller's transaction and hands them out under a lease.

    `columns` are further columns of the one job that this broker will enqueue.
    """

    columns: dict[str, Any] = {}
    _cluster: Cluster | None = None
    _kept_at = float("-inf")
    _claimed_at = float("-inf")

    @classmethod
    def for_job(cls, columns: dict[str, Any]) -> DatabaseBroker:
        """A broker for the one job that has these columns."""
        broker = cls()
        broker.columns = columns
        return broker

    def enqueue(self, task: str) -> UUID:
        """Store the signed package `task` as a queued job; returns the job's id."""
        unpacked = _enqueueing.__dict__.pop("task", None) or SignedPackage.loads(task)
        columns = _read_columns(unpacked) | self.columns
        columns["delivery_limit"] = columns["max_attempts"] + SPARE_DELIVERIES
        job = Job(package=task, queue=self.list_key, **columns)
        job.run_after = job.order_at = Now()  # the database's clock
        job.save(force_insert=True)
        return job.pk

    def dequeue(self) -> list[tuple[str, str]] | None:
        """Claim what the cluster has free seats for, or wait a moment and return None.

        django-q2's pusher calls this; its parent is the process that owns the seats.
        """
        close_old_connections()
        self._cluster = self._cluster or Cluster()
        try:
            self._keep_leases(self._cluster)
            claims = claim_jobs(self.list_key, claimant=self._cluster.name, seats=Conf.WORKERS)
        except (OperationalError, InterfaceError) as error:
            logger.error("the database is away: %s", error)
            connection.close()
            time.sleep(AWAY_POLL_SECONDS)
            return None
        if claims:
            self._claimed_at = time.monotonic()
            return [(str(c.delivery), c.package) for c in claims if self._can_be_read(c)]
        was_busy = time.monotonic() - self._claimed_at < BUSY_LASTS_SECONDS
        time.sleep(BUSY_POLL_SECONDS if was_busy else IDLE_POLL_SECONDS)
        return None

    def _keep_leases(self, cluster: Cluster) -> None:
        if time.monotonic() - self._kept_at >= RENEW_SECONDS:
            renew_leases(cluster.name, cluster.find_seats())
            reclaim_lost_jobs(cluster.name)
            self._kept_at = time.monotonic()

    def _can_be_read(self, claim: Claim) -> bool:
        """Whether the pusher will be able to unpack it; one that it cannot would take it down."""
        try:
            SignedPackage.loads(claim.package)
        except Exception as error:  # unpickling raises whatever the pickled classes raise
            logger.exception("job %s cannot be unpacked", claim.delivery)
            self._fail(claim.delivery, f"The job cannot be unpacked: {error!r}")
            return False
        return True

    def _fail(self, delivery: Delivery, message: str) -> None:
        error = make_error("task_error", message)
        Job(pk=delivery.job_id).fail(delivery=delivery.number, error=error)

    def acknowledge(self, task_id: str) -> None:
        """Do nothing: a job is settled by its outcome, which acknowledgement does not carry."""

    def fail(self, task_id: str) -> None:
        """End a job whose package was not signed with our SECRET_KEY."""
        self._fail(Delivery.parse(task_id), "The job was signed with another SECRET_KEY.")

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
        """True, when the queue can be reached; raises django.db.Error when not."""
        Job.objects.exists()
        return True

    def info(self) -> str:
        """What django-q2's monitor shows as the broker."""
        return f"Plimsoll jobs in {settings.DATABASES['default']['ENGINE'].rsplit('.', 1)[1]}"


def _read_columns(task: dict[str, Any]) -> dict[str, Any]:
    max_attempts = 1 if task.get("ack_failure") else settings.TASK_MAX_ATTEMPTS
    return {
        "id": UUID(task["id"]),
        "name": task["name"][:100],
        "function": str(get_func_repr(task["func"]))[:256],
        "caller": SYSTEM_CALLER,
        "timeout_seconds": _read_timeout(task),
        "max_attempts": max_attempts,
    }


def _read_timeout(task: dict[str, Any]) -> int | None:
    """The task's timeout in whole seconds; None for a task that may take for ever."""
    timeout = task.get("timeout", settings.TASK_TIMEOUT_SECONDS)
    return math.ceil(timeout) if timeout is not None and timeout > 0 else None
