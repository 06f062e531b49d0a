"""A database side that does as it is told, for a desk by a clock that is moved by hand."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db import OperationalError

from processing.queue.claims import Choose, Claim, Delivery
from processing.queue.cluster.courtesy import Courtesy
from processing.queue.cluster.ledger import Exchange, Orders
from processing.queue.cluster.stat import Vitals
from processing.queue.due import Due
from processing.queue.ending import Ending
from tests.queue.cluster.in_hand import Clock, make_claim

KEEP_SECONDS = 5.0
POLL_SECONDS = 2.0


class FakeWakeup:
    """Says that the queue has changed when it was told so."""

    def __init__(self) -> None:
        self.descriptor: int | None = None
        self.is_changed = True
        self.has_sign = False
        self.busy_count = 0

    def open(self) -> None:
        pass

    def close(self) -> None:
        pass

    def fileno(self) -> int | None:
        return self.descriptor

    def has_changed(self) -> bool:
        was_changed, self.is_changed, self.has_sign = self.is_changed, False, False
        return was_changed

    def poll_seconds(self, idle_seconds: float) -> float:
        return POLL_SECONDS

    def mark_busy(self) -> None:
        self.busy_count += 1


class FakeLedger:
    """`queued` is what can be claimed; the other lists are what was asked of it.

    While it `is_away` nobody can connect; while it `refuses` that is all that can be done.
    """

    def __init__(self) -> None:
        self.wakeup = FakeWakeup()
        self.courtesy = Courtesy()
        self.queued: list[Claim] = []
        self.peaks: dict[str, list[int]] = {}
        self.recall_count = 0
        self.settled: list[list[Ending]] = []
        self.asked_counts: list[int] = []
        self.released: list[Claim] = []
        self.kept: list[set[Delivery]] = []
        self.orders = Orders()
        self.due_seconds: float | None = None
        self.is_away = False
        self.refuses = False
        self.open_count = 0
        self.close_count = 0
        self._keep_at = 0.0

    def queue(self, count: int) -> list[Claim]:
        claims = [make_claim() for _ in range(count)]
        self.queued += claims
        return claims

    def open(self, now: float) -> None:
        if self.is_away:
            raise OperationalError("server closed the connection")
        self.open_count += 1

    def close(self) -> None:
        self.close_count += 1

    def recall_peaks(self) -> dict[str, list[int]]:
        self._answer()
        self.recall_count += 1
        return self.peaks

    def exchange(
        self, endings: Sequence[Ending], count: int, choose: Choose | None = None
    ) -> Exchange:
        self._answer()
        if endings:
            self.settled.append(list(endings))
        if count:
            self.asked_counts.append(count)
        claims = self.queued[:count]
        if choose is not None:
            chosen = [due.job_id for due in choose(map(make_due, self.queued))]
            claims = [claim for claim in self.queued if claim.job_id in chosen]
        self.queued = [claim for claim in self.queued if claim not in claims]
        return Exchange(held={ending.delivery for ending in endings}, claims=claims)

    def release(self, claims: Collection[Claim]) -> None:
        self._answer()
        self.released += claims

    def next_due_seconds(self) -> float | None:
        return self.due_seconds

    def keep(self, now: float, held: Collection[Delivery]) -> Orders:
        self._answer()
        self.kept.append(set(held))
        self._keep_at = now + KEEP_SECONDS
        return self.orders

    def keep_now(self) -> None:
        """Let the next look be one at the leases too."""
        self._keep_at = 0.0

    def keep_at(self, has_running: bool) -> float:
        return self._keep_at

    def _answer(self) -> None:
        if self.is_away or self.refuses:
            raise OperationalError("server closed the connection")


def make_due(claim: Claim) -> Due:
    """The job of a claim, as it is seen before it is claimed."""
    return Due(
        job_id=claim.job_id,
        name=claim.name,
        memory_limit_bytes=claim.memory_limit_bytes,
        runs_alone=claim.runs_alone,
        package_bytes=len(claim.package),
    )


class FakeStats:
    """Has something to say every two seconds."""

    def __init__(self, clock: Clock) -> None:
        self.published: list[Vitals] = []
        self._published_at = clock.now - 2

    def publish(self, now: float, vitals: Vitals) -> None:
        self._published_at = now
        self.published.append(vitals)

    def next_at(self) -> float:
        return self._published_at + 2
