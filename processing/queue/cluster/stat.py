"""What the cluster says of itself to qinfo, qmonitor, /readyz and the admin."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django_q.brokers import Broker, get_broker
from django_q.conf import Conf
from django_q.status import Stat

#: It is said so often, in seconds.
PUBLISH_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class _Queue:
    size: int

    def qsize(self) -> int:
        return self.size


@dataclass(frozen=True, kw_only=True)
class _Worker:
    pid: int


@dataclass(frozen=True, kw_only=True)
class Vitals:
    """What there is to say: process ids of the seats, tasks that run, wait or are to be settled."""

    seat_pids: tuple[int, ...]
    running_count: int
    ready_count: int
    ending_count: int
    restarts: int
    is_stopping: bool
    has_stopped: bool = False

    @property
    def status(self) -> Any:
        """The state, in django-q2's words."""
        if self.has_stopped:
            return Conf.STOPPED
        if self.is_stopping:
            return Conf.STOPPING
        busy = self.running_count or self.ready_count or self.ending_count
        return Conf.WORKING if busy else Conf.IDLE


class StatBoard:
    """Publishes django-q2's Stat; it is built from what that expects of its own sentinel."""

    monitor = None
    pusher = None

    def __init__(self, *, template_pid: int, pid: int) -> None:
        self.parent_pid = template_pid
        self.pid = pid
        self.cluster_id = uuid.uuid4()
        self.tob = timezone.now()
        self.broker: Broker = get_broker()
        self._published_at = float("-inf")
        self._vitals: Vitals | None = None

    def publish(self, now: float, vitals: Vitals) -> None:
        """Say it now."""
        self._published_at = now
        self._vitals = vitals
        self.reincarnations = vitals.restarts
        self.pool = [_Worker(pid=pid) for pid in vitals.seat_pids]
        self.task_queue = _Queue(size=vitals.ready_count)
        self.result_queue = _Queue(size=vitals.ending_count)
        Stat(self).save()

    def next_at(self) -> float:
        """When it is time again."""
        return self._published_at + PUBLISH_SECONDS

    def status(self) -> Any:
        """What django-q2's Stat asks its sentinel for."""
        assert self._vitals is not None
        return self._vitals.status
