"""What the supervisor does in the database, and when."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.scheduler import scheduler

from processing.queue.claims import (
    RENEW_SECONDS,
    Choose,
    Claim,
    Delivery,
    claim_chosen,
    claim_jobs,
    find_next_due_seconds,
    has_due_jobs,
    release_claims,
)
from processing.queue.cluster.courtesy import Courtesy
from processing.queue.cluster.options import ClusterOptions
from processing.queue.cluster.wakeup import Wakeup, make_wakeup
from processing.queue.cluster_name import ClusterName
from processing.queue.ending import Ending
from processing.queue.leases import find_cancelled, give_up, reclaim_lost_jobs, renew_leases
from processing.queue.memory_samples import UnwrittenSamples
from processing.queue.peaks import collect_peaks
from processing.queue.settle import prepare_endings, settle_endings, write_endings
from processing.queue.takeover import take_over_ormq

logger = logging.getLogger(__name__)

#: A running task is looked up so often for whether somebody wants it cancelled, in seconds.
CANCEL_SECONDS = 0.5
#: Schedules are looked at so often, in seconds; django-q2 does so every 30.
SCHEDULE_SECONDS = 5.0
#: Rows of django-q2's own queue moved before the supervisor looks at its seats again.
TAKE_OVER_ROWS = 500
#: After the database was away, other clusters have so long to renew their leases, in seconds.
RECONNECT_GRACE_SECONDS = 15.0
#: SQLite is waited for so long, in milliseconds, before the supervisor looks at its seats again.
SQLITE_BUSY_MILLISECONDS = 5000
#: PostgreSQL frees what a supervisor has locked that stands still for so long, in milliseconds.
POSTGRESQL_IDLE_MILLISECONDS = 10_000
BOUND = {
    "sqlite": f"PRAGMA busy_timeout = {SQLITE_BUSY_MILLISECONDS}",
    "postgresql": f"SET idle_in_transaction_session_timeout = {POSTGRESQL_IDLE_MILLISECONDS}",
}


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """`held` are the deliveries that could be settled, `claims` what was got for them."""

    held: set[Delivery]
    claims: list[Claim]


@dataclass(frozen=True, kw_only=True)
class Orders:
    """What running deliveries are to be ended, as the database has it."""

    lost: frozenset[Delivery] = frozenset()
    cancelled: frozenset[Delivery] = frozenset()


class Ledger:
    """The cluster's side of the database. Every method may raise OperationalError, InterfaceError.

    After that, `close` and then `open` again.
    """

    def __init__(self, name: ClusterName, options: ClusterOptions) -> None:
        self.wakeup: Wakeup = make_wakeup(options.queue)
        self.courtesy = Courtesy()
        self.samples = UnwrittenSamples()
        self._name = name
        self._queue = options.queue
        self._renew_at = 0.0
        self._cancel_at = 0.0
        self._schedule_at = 0.0
        self._reclaim_at = 0.0
        self._was_open = False

    def open(self, now: float) -> None:
        """Connect, and look for everything at once."""
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute(BOUND[connection.vendor])
        self.wakeup.open()
        if self._was_open:
            self._reclaim_at = now + RECONNECT_GRACE_SECONDS
        self._renew_at = self._schedule_at = 0.0
        self._was_open = True

    def close(self) -> None:
        """Drop the connection."""
        self.wakeup.close()
        connection.close()

    def recall_peaks(self) -> dict[str, list[int]]:
        """What tasks took that ran before, by their names, the newest first."""
        return collect_peaks()

    def exchange(
        self, endings: Sequence[Ending], count: int, choose: Choose | None = None
    ) -> Exchange:
        """Settle `endings` and claim at most `count` jobs, in one transaction where it works.

        These are the first ones, or those that `choose` chooses where it is given.
        """
        if not endings:
            return Exchange(held=set(), claims=self._look(count, choose))
        prepared = prepare_endings(endings)
        try:
            with self.courtesy.hold(), transaction.atomic():
                held, claims = write_endings(prepared), self._claim(count, choose)
        except (OperationalError, InterfaceError):
            raise
        except DatabaseError:
            held, claims = settle_endings(endings), self._claim(count, choose)
        if claims:  # they waited for the end of others, so more is to be expected
            self.wakeup.mark_busy()
        return Exchange(held=held, claims=claims)

    def release(self, claims: Collection[Claim]) -> None:
        """Put back what was claimed and not begun."""
        release_claims(claims, claimant=str(self._name))

    def next_due_seconds(self) -> float | None:
        """How long until the next delayed job is due, as far as that is soon."""
        return find_next_due_seconds(self._queue)

    def keep(self, now: float, held: Collection[Delivery]) -> Orders:
        """Do what time has made due: renew the leases of what we hold, take back what is lost.

        Memory samples are written as they come.
        """
        lost: set[Delivery] = set()
        cancelled: set[Delivery] = set()
        if held and now >= self._cancel_at:
            self._cancel_at = now + CANCEL_SECONDS
            cancelled = set(find_cancelled(self._name))
        if now >= self._renew_at:
            self._renew_at = now + RENEW_SECONDS
            claimed = renew_leases(self._name)
            lost = set(held) - claimed
            give_up(list(claimed - set(held)))  # a claim whose answer did not reach us
        if now >= self._reclaim_at:
            self._reclaim_at = now + RENEW_SECONDS
            reclaim_lost_jobs(self._name)
        if now >= self._schedule_at:
            self._schedule_at = now + SCHEDULE_SECONDS
            # What an older worker has in hand is free only when its lock ends.
            if take_over_ormq(TAKE_OVER_ROWS) >= TAKE_OVER_ROWS:
                self._schedule_at = now
            if Conf.SCHEDULER:
                scheduler(broker=get_broker())
        if self.samples:
            with self.courtesy.hold():
                self.samples.write()
        return Orders(lost=frozenset(lost), cancelled=frozenset(cancelled))

    def keep_at(self, has_running: bool) -> float:
        """When `keep` has something to do."""
        if self.samples:
            return 0.0
        ends = [self._renew_at, self._reclaim_at, self._schedule_at]
        if has_running:
            ends.append(self._cancel_at)
        return min(ends)

    def _look(self, count: int, choose: Choose | None) -> list[Claim]:
        if choose is None and connection.vendor == "sqlite" and not has_due_jobs(self._queue):
            return []  # and its one write lock is left alone
        return self._claim(count, choose)

    def _claim(self, count: int, choose: Choose | None) -> list[Claim]:
        if count <= 0:
            return []
        if choose is not None:
            return claim_chosen(self._queue, claimant=str(self._name), choose=choose)
        return claim_jobs(self._queue, claimant=str(self._name), count=count)
