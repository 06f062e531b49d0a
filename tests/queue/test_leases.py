"""Keeping the lease of a running task."""

from __future__ import annotations

import threading
from uuid import uuid4

import pytest
from django.db import OperationalError

from processing.queue import leases
from processing.queue.claims import Delivery
from processing.queue.leases import LeaseKeeper

WAIT_SECONDS = 10


class Renewals:
    """Stands for the database: counts renewals and tells when one came."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[Delivery] = []
        self.came = threading.Event()
        self.error: Exception | None = None
        monkeypatch.setattr(leases, "RENEW_SECONDS", 0.01)
        monkeypatch.setattr(leases, "renew_lease", self.renew)

    def renew(self, delivery: Delivery) -> bool:
        self.seen.append(delivery)
        self.came.set()
        if self.error:
            raise self.error
        return True

    def wait(self) -> None:
        self.came.clear()
        assert self.came.wait(WAIT_SECONDS), "no renewal came"


@pytest.fixture
def renewals(monkeypatch: pytest.MonkeyPatch) -> Renewals:
    return Renewals(monkeypatch)


def new_delivery() -> Delivery:
    return Delivery(job_id=uuid4(), number=1)


def test_a_held_lease_is_renewed_again_and_again(renewals: Renewals) -> None:
    keeper, delivery = LeaseKeeper(), new_delivery()
    keeper.hold(delivery)
    renewals.wait()
    renewals.wait()
    keeper.release()
    assert set(renewals.seen) == {delivery}
    assert keeper.delivery is None


def test_the_next_task_has_its_own_lease(renewals: Renewals) -> None:
    keeper, first, second = LeaseKeeper(), new_delivery(), new_delivery()
    keeper.hold(first)
    renewals.wait()
    keeper.release()
    keeper.hold(second)
    while second not in renewals.seen:
        renewals.wait()
    keeper.release()


def test_a_database_that_is_away_does_not_end_the_renewing(renewals: Renewals) -> None:
    keeper = LeaseKeeper()
    renewals.error = OperationalError("server closed the connection")
    keeper.hold(new_delivery())
    renewals.wait()
    renewals.error = None
    renewals.wait()
    keeper.release()
