"""What the supervisor does in the database as time makes it due."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from processing.models import Job, MemorySample
from processing.queue.claims import RENEW_SECONDS
from processing.queue.cluster import ledger as ledger_module
from processing.queue.cluster.ledger import (
    CANCEL_SECONDS,
    RECONNECT_GRACE_SECONDS,
    SCHEDULE_SECONDS,
    SQLITE_BUSY_MILLISECONDS,
    Ledger,
    Orders,
)
from tests.factories import make_unwritten_sample
from tests.queue.cluster.held_jobs import OURS, make_held_job, make_ledger
from tests.queue.endings import make_running_job, read_delivery
from tests.queue.enqueued import read_state

pytestmark = pytest.mark.django_db

NOW = 1000.0


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> Ledger:
    return make_ledger(monkeypatch)


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


def test_memory_samples_are_written_as_they_come(ledger: Ledger) -> None:
    ledger.keep(NOW, set())
    assert ledger.keep_at(False) > NOW
    for action in ("", "pause"):
        ledger.samples.add(make_unwritten_sample(action=action))
    assert ledger.keep_at(False) < NOW
    ledger.keep(NOW, set())
    assert [sample.action for sample in MemorySample.objects.order_by("id")] == ["", "pause"]
    assert ledger.keep_at(False) > NOW


@pytest.mark.skipif(connection.vendor != "sqlite", reason="is about SQLite's lock")
@pytest.mark.django_db(transaction=True)
def test_sqlite_is_waited_for_no_longer_than_the_seats_can_be_left_alone(ledger: Ledger) -> None:
    ledger.open(NOW)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        assert cursor.fetchone() == (SQLITE_BUSY_MILLISECONDS,)
    ledger.close()
