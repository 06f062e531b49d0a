"""Claims, on the database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from processing.models import Job
from processing.queue.claims import Delivery, claim_jobs
from tests.factories import make_job


def claim(seats: int = 1, claimant: str = "here", queue: str = "plimsoll") -> list[Job]:
    claims = claim_jobs(queue, claimant=claimant, seats=seats)
    return [Job.objects.get(pk=claim.delivery.job_id) for claim in claims]


@pytest.mark.django_db
def test_the_oldest_due_jobs_are_claimed_first() -> None:
    now = timezone.now()
    jobs = [make_job(order_at=now - timedelta(seconds=age)) for age in (10, 30, 20)]
    assert claim(seats=2) == [jobs[1], jobs[2]]


@pytest.mark.django_db
def test_a_claimed_job_runs_under_a_lease() -> None:
    job = make_job()
    [claimed] = claim()
    assert claimed == job
    assert (claimed.state, claimed.deliveries, claimed.claimed_by) == ("running", 1, "here")
    assert claimed.lease_expires_at > timezone.now()
    assert claimed.started_at is not None


@pytest.mark.django_db
def test_nothing_is_claimed_that_is_not_due_or_of_another_queue() -> None:
    make_job(run_after=timezone.now() + timedelta(minutes=1))
    make_job(queue="other")
    make_job(state="running")
    assert claim(seats=9) == []


@pytest.mark.django_db
def test_a_claimant_with_all_seats_taken_claims_nothing() -> None:
    for _ in range(3):
        make_job()
    assert len(claim(seats=2)) == 2
    assert claim(seats=2) == []
    assert len(claim(seats=2, claimant="elsewhere")) == 1


@pytest.mark.django_db
def test_the_claim_is_answered_by_its_index() -> None:
    sql = (
        "SELECT id FROM processing_job WHERE state = 'queued' AND queue = 'plimsoll'"
        " AND run_after <= '2030-01-01' ORDER BY order_at LIMIT 1"
    )
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        prefix = "EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN "
        cursor.execute(prefix + sql)
        plan = "\n".join(str(row) for row in cursor.fetchall())
    assert "job_claim" in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.django_db(transaction=True)
def test_two_clusters_never_claim_the_same_job() -> None:
    for _ in range(40):
        make_job()

    def claim_all(claimant: str) -> list[str]:
        taken: list[str] = []
        while claims := claim_jobs("plimsoll", claimant=claimant, seats=len(taken) + 2):
            taken += [str(claim.delivery) for claim in claims]
        connection.close()
        return taken

    with ThreadPoolExecutor(4) as threads:
        taken = [name for part in threads.map(claim_all, "abcd") for name in part]
    assert len(taken) == len(set(taken)) == 40


def test_a_delivery_is_read_back_from_its_text() -> None:
    delivery = Delivery(job_id=uuid4(), number=7)
    assert Delivery.parse(str(delivery)) == delivery
    with pytest.raises(ValueError, match="badly formed"):
        Delivery.parse("nonsense")
