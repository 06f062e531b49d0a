"""What the supervisor does in the database, and when."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from django.db import OperationalError, connection

from processing.models import Job
from processing.queue.claims import Delivery
from processing.queue.cluster import ledger as ledger_module
from processing.queue.cluster.ledger import (
    Ledger,
)
from processing.queue.due import Due
from processing.queue.ending import Ending
from tests.queue.cluster.fake_ledger import FakeWakeup
from tests.queue.cluster.held_jobs import OURS, make_held_job, make_ledger
from tests.queue.endings import make_good_ending, make_row, read_delivery
from tests.queue.enqueued import enqueue, read_state

pytestmark = pytest.mark.django_db


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> Ledger:
    return make_ledger(monkeypatch)


def make_unstorable_ending() -> Ending:
    job = make_held_job()
    return make_good_ending(job, task=make_row(job, group="\udc80"))


def test_endings_are_settled_and_jobs_claimed_together(ledger: Ledger) -> None:
    job, waiting = make_held_job(), enqueue()
    enqueue()
    exchange = ledger.exchange([make_good_ending(job)], 1)
    assert exchange.held == {read_delivery(job)}
    assert [claim.delivery.job_id for claim in exchange.claims] == [waiting]
    assert read_state(job.pk) == "succeeded"
    assert Job.objects.get(pk=waiting).claimed_by == str(OURS)


def test_what_is_settled_can_be_claimed_in_the_same_go(ledger: Ledger) -> None:
    job = make_held_job()
    lost = make_good_ending(job, outcome="given back", charged=False)
    [claim] = ledger.exchange([lost], 1).claims
    assert claim.delivery == Delivery(job_id=job.pk, number=2)


def test_nothing_is_claimed_that_was_not_asked_for(ledger: Ledger) -> None:
    job, waiting = make_held_job(), enqueue()
    assert ledger.exchange([make_good_ending(job)], 0).claims == []
    assert read_state(waiting) == "queued"


def test_a_claim_that_fails_settles_nothing(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any, **keywords: Any) -> Any:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(ledger_module, "claim_jobs", fail)
    job = make_held_job()
    with pytest.raises(OperationalError):
        ledger.exchange([make_good_ending(job)], 1)
    assert read_state(job.pk) == "running"


def test_an_ending_that_cannot_be_stored_keeps_nobody_else_from_going_on(ledger: Ledger) -> None:
    good, waiting = make_held_job(), enqueue()
    bad = make_unstorable_ending()
    exchange = ledger.exchange([make_good_ending(good), bad], 9)
    assert exchange.held == {read_delivery(good), bad.delivery}
    assert waiting in [claim.delivery.job_id for claim in exchange.claims]
    assert (read_state(good.pk), read_state(bad.delivery.job_id)) == ("succeeded", "failed")


def test_an_empty_queue_is_looked_at_without_a_transaction(
    ledger: Ledger, django_assert_num_queries: Any
) -> None:
    enqueue(delay_seconds=60)
    with django_assert_num_queries(1):
        assert ledger.exchange([], 2).claims == []


def test_a_claim_alone_is_one_statement(ledger: Ledger, django_assert_num_queries: Any) -> None:
    waiting = enqueue()
    with django_assert_num_queries({"sqlite": 2, "postgresql": 1}[connection.vendor]):
        [claim] = ledger.exchange([], 2).claims
    assert claim.delivery.job_id == waiting


def test_what_is_chosen_is_claimed_with_what_is_settled(ledger: Ledger) -> None:
    job, first, second = make_held_job(), enqueue(), enqueue()
    again = make_good_ending(job, outcome="given back", charged=False)

    def choose(due: Iterable[Due]) -> list[Due]:
        return [one for one in due if one.job_id in (job.pk, second)]

    exchange = ledger.exchange([again], 9, choose)
    assert {claim.job_id for claim in exchange.claims} == {job.pk, second}, "settled before"
    assert read_state(first) == "queued"


def test_where_nothing_is_chosen_the_write_lock_is_left_alone(
    ledger: Ledger, django_assert_num_queries: Any
) -> None:
    enqueue()
    with django_assert_num_queries(1):
        assert ledger.exchange([], 2, lambda due: list(due)[:0]).claims == []


def test_others_need_not_notify_while_jobs_wait_for_the_end_of_others(ledger: Ledger) -> None:
    assert isinstance(ledger.wakeup, FakeWakeup)
    enqueue()
    ledger.exchange([make_good_ending(make_held_job())], 1)
    assert ledger.wakeup.busy_count == 1


def test_others_notify_where_the_seats_wait_for_jobs(ledger: Ledger) -> None:
    assert isinstance(ledger.wakeup, FakeWakeup)
    enqueue()
    assert ledger.exchange([], 1).claims
    ledger.exchange([make_good_ending(make_held_job())], 1)
    assert ledger.wakeup.busy_count == 0


def test_claims_are_released_in_our_own_name(ledger: Ledger) -> None:
    waiting = enqueue()
    ledger.release(ledger.exchange([], 1).claims)
    assert read_state(waiting) == "queued"
