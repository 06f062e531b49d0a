"""Between the seats and the database: what is ready to be begun, what is to be settled."""

from __future__ import annotations

import logging
import selectors
import time
from collections.abc import Callable, Collection
from contextlib import suppress

from django.db import DatabaseError, InterfaceError, OperationalError

from processing.backoff import double_wait
from processing.queue.claims import Delivery
from processing.queue.cluster.gatekeeper import Gatekeeper
from processing.queue.cluster.ledger import Ledger, Orders
from processing.queue.cluster.listener import Listener
from processing.queue.cluster.load import Load
from processing.queue.cluster.pace import Pace
from processing.queue.cluster.patience import Patience
from processing.queue.cluster.ready import RELEASE_SECONDS, Ready
from processing.queue.cluster.stat import StatBoard, Vitals
from processing.queue.cluster.unsettled import Unsettled
from processing.queue.ending import Ending

logger = logging.getLogger(__name__)

#: The wait before a database that is away is tried again, in seconds; it doubles.
AWAY_FIRST_SECONDS = 0.1
AWAY_MOST_SECONDS = 5.0

NO_ORDERS = Orders()


class Desk:
    """Goes to the database when there is a reason, and waits with patience while it is away."""

    def __init__(
        self,
        ledger: Ledger,
        pace: Pace,
        gatekeeper: Gatekeeper,
        stats: StatBoard,
        selector: selectors.BaseSelector,
    ) -> None:
        self.ready = Ready()
        self.accepts = True
        self.found_nothing = False
        self._ledger = ledger
        self._pace = pace
        self._gatekeeper = gatekeeper
        self._stats = stats
        self._listener = Listener(selector, self.wake)
        self._unsettled = Unsettled()
        self._look_at = self._poll_at = self._open_at = 0.0
        self._worked_at = time.monotonic()
        self._is_open = self._has_recalled = False
        self._patience = Patience()
        self._patience.start()
        self._failures = 0

    @property
    def has_work(self) -> bool:
        """Whether something is claimed and not begun, or ended and not settled."""
        return not self.ready.is_empty or self.ending_count > 0

    @property
    def ending_count(self) -> int:
        """How many endings are still to be settled."""
        return len(self._unsettled)

    @property
    def is_full(self) -> bool:
        """Whether what is to be settled takes so much memory that no more may come."""
        return self._unsettled.is_full

    def add(self, ending: Ending) -> None:
        """A task has ended."""
        self._unsettled.add(ending)

    def work(self, now: float, load: Load) -> Orders:
        """Do what is due; returns what is to be ended. A database that is away is only logged."""
        if now < self._open_at:
            return NO_ORDERS
        try:
            with self._patience:
                return self._work(now, load)
        except (DatabaseError, InterfaceError) as error:
            self._lose(error)
            return NO_ORDERS

    def publish(self, now: float, describe: Callable[[], Vitals]) -> None:
        """Say how the cluster is, when it is time to."""
        if self._is_open and now >= self._stats.next_at():
            with self._patience:
                self._stats.publish(now, describe())

    def next_at(self, load: Load) -> float:
        """When there is something to do in the database, as far as that is known."""
        if not self._is_open:
            return self._open_at
        ends = [
            self._ledger.keep_at(bool(load.in_hand)),
            self._stats.next_at(),
            self._unsettled.next_at(),
            self.ready.next_at(),
        ]
        if self.accepts and self._count_lacking(load):
            has_sign = self._ledger.wakeup.has_sign
            ends.append(0.0 if has_sign else min(self._look_at, self._poll_at))
        return max(min(ends), self._ledger.courtesy.free_until)

    def wake(self) -> None:
        """There is a sign that the queue may have changed."""
        self._poll_at = 0.0

    def stop_accepting(self) -> None:
        """Claim nothing more, and put back what is ready, now and later."""
        self.accepts = False
        self._unsettled.pardon()

    def close(self, vitals: Vitals) -> None:
        """Say the last, and drop the connection."""
        if self._is_open:
            with suppress(DatabaseError, InterfaceError), self._patience:
                self._stats.publish(time.monotonic(), vitals)
            self._forget_connection()

    def _work(self, now: float, load: Load) -> Orders:
        self._open(now)
        self._unsettled.release(now)
        self._release(now, load)  # first: what has no room is to be seen in the queue again
        self._ask_whether_changed(now)
        self._exchange(now, load)
        orders = self._keep(now, load.in_hand)
        # With every seat busy only our own commits would wake us.
        self._listener.listen(is_waiting=load.idle_count > len(self.ready))
        self._failures = 0
        return orders

    def _exchange(self, now: float, load: Load) -> None:
        wanted = self._count_wanted(now, load)
        is_due = wanted or self._is_time_to_settle(now, load)
        if not is_due or now < self._ledger.courtesy.free_until:
            return
        choose = None
        if wanted:
            choose = self._gatekeeper.find_choice(self.ready.claims, now, count=wanted)
        exchange = self._ledger.exchange(self._unsettled.endings, wanted, choose)
        for ending in self._unsettled.endings:
            if ending.delivery not in exchange.held:
                logger.warning("job %s was no longer ours when it ended", ending.delivery)
        if self._unsettled.endings or exchange.claims:
            self._worked_at = now
            # What they queued behind them is no change that wakes us.
            self._look_at = 0.0
            self.found_nothing = False
        self._unsettled.clear()
        if exchange.claims:
            self.ready.add(exchange.claims, now)
        if wanted:
            self._plan_next_look(now, found_any=bool(exchange.claims))
            self.found_nothing = not exchange.claims and not self._gatekeeper.has_waiting

    def _count_wanted(self, now: float, load: Load) -> int:
        # What has ended may have queued what an idle seat is to begin.
        is_hungry = bool(self._unsettled.endings) and load.idle_count > len(self.ready)
        if not self.accepts or (now < self._look_at and not is_hungry):
            return 0
        return self._count_lacking(load)

    def _count_lacking(self, load: Load) -> int:
        if load.is_held:
            return 0
        idle_count, ready_count = load.idle_count, len(self.ready)
        wanted = self._pace.count_wanted(
            idle_count=idle_count, ready_count=ready_count, waiting_count=load.waiting_count
        )
        return max(0, idle_count - ready_count) if wanted and self.ready.is_bulky else wanted

    def _is_time_to_settle(self, now: float, load: Load) -> bool:
        if not self._unsettled.endings:
            return False
        has_more_to_come = bool(self.ready or load.waiting_count)
        return not has_more_to_come or self.is_full or now >= self._unsettled.due_at

    def _plan_next_look(self, now: float, *, found_any: bool) -> None:
        if found_any:
            self._look_at = 0.0
            return
        due = self._ledger.next_due_seconds()
        self._look_at = float("inf") if due is None else now + max(0.0, due)
        self._look_at = min(self._look_at, now + self._gatekeeper.look_seconds)
        self._poll_at = now + self._ledger.wakeup.poll_seconds(now - self._worked_at)

    def _ask_whether_changed(self, now: float) -> None:
        """Look at the queue if it has changed; where nothing tells of that, at every poll."""
        if now < min(self._poll_at, self._look_at) and not self._ledger.wakeup.has_sign:
            return
        if self._ledger.wakeup.has_changed():
            self._look_at = 0.0
        self._poll_at = now + self._ledger.wakeup.poll_seconds(now - self._worked_at)

    def _release(self, now: float, load: Load) -> None:
        if not self.accepts:
            self.ready.drop_all()
        elif (load.is_held or not load.idle_count) and self.ready.drop_stale(now):
            self._pace.learn(RELEASE_SECONDS)  # no seat had time for so long
            self._look_at = 0.0
            self.found_nothing = False
        if unwanted := self.ready.take_unwanted():
            self._ledger.release(unwanted)

    def _keep(self, now: float, in_hand: Collection[Delivery]) -> Orders:
        if now < self._ledger.keep_at(bool(in_hand)):
            return NO_ORDERS
        held = {*in_hand, *self.ready.deliveries, *self._unsettled.deliveries}
        orders = self._ledger.keep(now, held)
        self._look_at = min(self._look_at, now)
        return orders

    def _open(self, now: float) -> None:
        if self._is_open:
            return
        self._ledger.open(now)
        if not self._has_recalled:
            self._gatekeeper.recall(self._ledger.recall_peaks())
            self._has_recalled = True
        self._is_open = True
        self._listener.open(self._ledger.wakeup.fileno())
        self._look_at = 0.0

    def _lose(self, error: Exception) -> None:
        self._forget_connection()
        seconds = double_wait(AWAY_FIRST_SECONDS, self._failures, most_seconds=AWAY_MOST_SECONDS)
        self._failures += 1
        self._open_at = time.monotonic() + seconds
        is_away = isinstance(error, (OperationalError, InterfaceError))
        what = "is away" if is_away else "refused a statement"
        logger.error("the database %s, tried again in %.1f s: %s", what, seconds, error)

    def _forget_connection(self) -> None:
        self._listener.close()
        self._is_open = False
        self._ledger.close()
