"""django-q2's broker on the jobs table: `Job` is the queue."""

from __future__ import annotations

import base64
import math
import threading
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.cache import BaseCache, caches
from django.db import transaction
from django_q.brokers import Broker
from django_q.conf import Conf
from django_q.signing import BadSignature, SignedPackage

from processing.models import Job
from processing.queue.enqueue import insert_job, make_job, read_timeout
from processing.queue.package import read_package

#: The cache that django-q2 uses: one that every process of the service can read; see CACHES.
CACHE_NAME = "queue"
#: What a cluster says of itself is believed for so long, in seconds: it is said every 2 s, and a
#: database that stalls for a moment is not the cluster's death.
STAT_SECONDS = 10
#: Jobs removed at once: each batch is one short transaction.
BATCH_ROWS = 500
#: The first characters of a package, which hold the id of its task; so many are whole bytes.
HEAD_CHARACTERS = 80

_enqueueing = threading.local()


def keep_task(task: dict[str, Any]) -> None:
    """Remember the task that is being packed, so that `enqueue` need not unpack it.

    One that runs in its caller is never enqueued; its timeout becomes what django-q2's timer can
    use there: whole seconds, or -1 for none.
    """
    if not task.get("sync"):
        _enqueueing.task = task
    elif "timeout" in task:
        task["timeout"] = math.ceil(read_timeout(task) or -1)


class DatabaseBroker(Broker):  # type: ignore[misc]  # django-q2 is untyped
    """Writes jobs in the caller's transaction. Our own cluster takes them off the queue.

    `given` is what `insert_job` is to take besides what the task says, for the one job that this
    broker will enqueue.
    """

    given: Mapping[str, Any] = MappingProxyType({})

    @classmethod
    def for_job(cls, given: Mapping[str, Any]) -> DatabaseBroker:
        """A broker for one job; it goes to the queue that the task names as its cluster."""
        broker = cls()
        broker.given = given
        return broker

    @staticmethod
    def get_cache() -> BaseCache:
        """The cache that all processes share."""
        return caches[CACHE_NAME]

    def enqueue(self, task: str) -> UUID:
        """Store the signed package `task` as a queued job; returns the job's id.

        Raises TaskTooLarge for a package above PACKAGE_MAX_BYTES, django.db.Error.
        """
        read = _take_task(task)
        queue = (read.get("cluster") if self.given else None) or self.list_key
        job = {**make_job(read, package=task, queue=queue), **self.given}
        insert_job(**job)
        return UUID(job["id"])

    def dequeue(self) -> None:
        """Refuse: django-q2's own cluster would run jobs without limits, leases and outcomes."""
        raise NotImplementedError(
            "Plimsoll's queue is served by its own cluster; start it with: manage.py qcluster"
        )

    def acknowledge(self, task_id: str) -> None:
        """Do nothing: a job is settled by its outcome, which acknowledgement does not carry."""

    def queue_size(self) -> int:
        """How many jobs wait in this queue."""
        return Job.objects.filter(queue=self.list_key, state=Job.State.QUEUED).count()

    def lock_size(self) -> int:
        """How many jobs of this queue run."""
        return Job.objects.filter(queue=self.list_key, state=Job.State.RUNNING).count()

    def delete(self, task_id: str | UUID) -> None:
        """Remove a job, by the id that `enqueue` returned, and the JSON that it was to read."""
        Job.objects.filter(pk=task_id).only("pk").delete()

    def purge_queue(self) -> int:
        """Remove every waiting job of this queue; returns how many."""
        count = 0
        while removed := self._purge_some():
            count += removed
        return count

    def _purge_some(self) -> int:
        with transaction.atomic():
            waiting = Job.objects.filter(queue=self.list_key, state=Job.State.QUEUED)
            # Held until they are gone, so that none is claimed and then deleted while it runs.
            held = waiting.order_by().select_for_update(skip_locked=True)
            ids = list(held.values_list("pk", flat=True)[:BATCH_ROWS])
            Job.objects.filter(pk__in=ids).only("pk").delete()
        return len(ids)

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

    def set_stat(self, key: str, value: str, timeout: int) -> None:
        """Keep what a cluster says of itself for STAT_SECONDS.

        It is removed where the cluster says that it has stopped, or `timeout` is 0.
        """
        known = self.cache.get(Conf.Q_STAT, [])
        if timeout <= 0 or _has_stopped(value):
            self.cache.delete(key)
            self._keep_stat_keys(known, [other for other in known if other != key])
            return
        if key not in known:
            living = self.cache.get_many(known)
            self._keep_stat_keys(known, [*living, key])
        self.cache.set(key, value, STAT_SECONDS)

    def get_stats(self, pattern: str) -> list[str]:
        """What the living clusters last said; there is one pattern, and it is theirs."""
        return list(self.cache.get_many(self.cache.get(Conf.Q_STAT, [])).values())

    def _keep_stat_keys(self, known: list[str], keys: list[str]) -> None:
        if keys != known:
            self.cache.set(Conf.Q_STAT, keys, timeout=None)


def _take_task(package: str) -> Mapping[str, Any]:
    """The task in `package`: the one that was kept, unless that is another."""
    task: dict[str, Any] | None = _enqueueing.__dict__.pop("task", None)
    if task is not None and len(package) >= HEAD_CHARACTERS:
        head = base64.urlsafe_b64decode(package[:HEAD_CHARACTERS])
        if task["id"].encode() in head:
            return task
    return read_package(package)


def _has_stopped(stat: str) -> bool:
    try:
        return bool(SignedPackage.loads(stat).status == Conf.STOPPED)
    except BadSignature:
        return False
