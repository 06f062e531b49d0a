"""What the supervisor does in the database, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from processing.models import Job
from processing.queue.claims import RENEW_SECONDS, Delivery
from processing.queue.cluster import ledger as ledger_module
from processing.queue.cluster.ledger import (
    CANCEL_SECONDS,
    RECONNECT_GRACE_SECONDS,
    SCHEDULE_SECONDS,
    SQLITE_BUSY_MILLISECONDS,
    Ledger,
    Orders,
)
from processing.queue.cluster.options import ClusterOptions
from processing.queue.cluster_name import ClusterName
from processing.queue.ending import Ending
from tests.queue.cluster.fake_ledger import FakeWakeup
from tests.queue.endings import make_good_ending, make_row, make_running_job, read_delivery
from tests.queue.enqueued import QUEUE, enqueue, read_state

pytestmark = pytest.mark.django_db

OURS = ClusterName.of_this_process(2)
NOW = 1000.0


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> Ledger:
    monkeypatch.setattr(ledger_module, "make_wakeup", lambda queue: FakeWakeup())
    # It closes connections that are in a transaction, as a test's is.
    monkeypatch.setattr(ledger_module, "scheduler", lambda broker: None)
    return Ledger(OURS, ClusterOptions(queue=QUEUE, seat_count=2, grace_seconds=3))


def make_held_job(**columns: Any) -> Job:
    return make_running_job(claimed_by=str(OURS), **columns)


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


def test_what_is_held_is_ours_and_what_is_not_any_more_is_lost(ledger: Ledger) -> None:
    held, taken = make_held_job(), make_held_job()
    deliveries = {read_delivery(held), read_delivery(taken)}
    Job.objects.filter(pk=taken.pk).update(deliveries=2, claimed_by="someone")
    orders = ledger.keep(NOW, deliveries)
    assert orders == Orders(lost=frozenset([read_delivery(taken)]))
    held.refresh_from_db()
    assert held.lease_expires_at > timezone.now() + timedelta(seconds=5)


def test_a_claim_of_ours_that_we_know_nothing_of_is_given_up(ledger: Ledger) -> None:
    known, orphan = make_held_job(), make_held_job()
    ledger.keep(NOW, {read_delivery(known)})
    assert (read_state(known.pk), read_state(orphan.pk)) == ("running", "queued")
    orphan.refresh_from_db()
    assert (orphan.attempts, orphan.error_code) == (0, "worker_lost")


def test_leases_are_renewed_at_their_time(ledger: Ledger) -> None:
    job = make_held_job()
    ledger.keep(NOW, {read_delivery(job)})
    Job.objects.update(lease_expires_at=timezone.now())
    ledger.keep(NOW + RENEW_SECONDS - 0.1, {read_delivery(job)})
    job.refresh_from_db()
    assert job.lease_expires_at < timezone.now() + timedelta(seconds=5)
    ledger.keep(NOW + RENEW_SECONDS, {read_delivery(job)})
    job.refresh_from_db()
    assert job.lease_expires_at > timezone.now() + timedelta(seconds=5)


def test_a_request_to_cancel_is_seen_within_half_a_second(ledger: Ledger) -> None:
    job = make_held_job()
    held = {read_delivery(job)}
    ledger.keep(NOW, held)
    job.cancel()
    assert ledger.keep(NOW + CANCEL_SECONDS - 0.1, held) == Orders()
    expected = Orders(cancelled=frozenset(held))
    assert ledger.keep(NOW + CANCEL_SECONDS, held) == expected


def test_what_a_dead_cluster_held_is_taken_back(ledger: Ledger) -> None:
    earlier = replace(OURS, generation=1)
    job = make_running_job(claimed_by=str(earlier))
    ledger.keep(NOW, set())
    assert read_state(job.pk) == "queued"


def test_schedules_are_run(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []
    monkeypatch.setattr(ledger_module, "scheduler", lambda broker: runs.append(broker))
    for seconds in (0.0, 1.0, SCHEDULE_SECONDS):
        ledger.keep(NOW + seconds, set())
    assert len(runs) == 2


@pytest.mark.parametrize("has_running", [False, True])
def test_the_next_time_is_never_one_that_has_been_kept(ledger: Ledger, has_running: bool) -> None:
    job = make_held_job()
    held = {read_delivery(job)} if has_running else set()
    now = NOW
    for _ in range(20):
        assert ledger.keep_at(has_running) <= now
        ledger.keep(now, held)
        assert ledger.keep_at(has_running) > now
        now = ledger.keep_at(has_running)
    assert now <= NOW + 20 * RENEW_SECONDS


@pytest.mark.django_db(transaction=True)
def test_after_a_reconnect_others_have_time_to_renew_their_leases(ledger: Ledger) -> None:
    ledger.open(NOW)
    ledger.keep(NOW, set())
    ledger.close()
    job = make_running_job(claimed_by="someone", lease_expires_at=timezone.now())
    Job.objects.update(lease_expires_at=timezone.now() - timedelta(minutes=1))
    ledger.open(NOW)
    ledger.keep(NOW + RECONNECT_GRACE_SECONDS - 1, set())
    assert read_state(job.pk) == "running"
    ledger.keep(NOW + RECONNECT_GRACE_SECONDS, set())
    assert read_state(job.pk) == "queued"
    ledger.close()


@pytest.mark.django_db(transaction=True)
def test_our_own_leases_are_renewed_as_soon_as_the_database_is_there_again(
    ledger: Ledger,
) -> None:
    job = make_held_job()
    ledger.open(NOW)
    ledger.keep(NOW, {read_delivery(job)})
    ledger.close()
    Job.objects.update(lease_expires_at=timezone.now())
    ledger.open(NOW + 1)
    assert ledger.keep_at(True) <= NOW + 1
    ledger.keep(NOW + 1, {read_delivery(job)})
    job.refresh_from_db()
    assert job.lease_expires_at > timezone.now() + timedelta(seconds=5)
    ledger.close()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="is about SQLite's lock")
@pytest.mark.django_db(transaction=True)
def test_sqlite_is_waited_for_no_longer_than_the_seats_can_be_left_alone(ledger: Ledger) -> None:
    ledger.open(NOW)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        assert cursor.fetchone() == (SQLITE_BUSY_MILLISECONDS,)
    ledger.close()
