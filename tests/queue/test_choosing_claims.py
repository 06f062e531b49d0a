"""Claims that choose among the first jobs instead of taking them as they come."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from processing.models import Job, QueuePause
from processing.queue.claims import (
    CHOICE_TRIES,
    CLAIM_CHOSEN,
    CLAIM_MOST_BYTES,
    LEASE_SECONDS,
    Claim,
    Delivery,
    claim_chosen,
)
from processing.queue.due import Due
from tests.factories import make_job
from tests.queue.enqueued import QUEUE, enqueue, read_state
from tests.queue.explaining import explain

pytestmark = pytest.mark.django_db

CLAIMANT = "here"


def make_jobs(count: int, **columns: Any) -> list[UUID]:
    """Jobs in the queue's order."""
    now = timezone.now()
    return [
        make_job(order_at=now - timedelta(seconds=count - place), **columns).pk
        for place in range(count)
    ]


def claim(job_ids: Collection[UUID]) -> list[Claim]:
    """Claim these, as far as they are seen."""

    def choose(due: Iterable[Due]) -> list[Due]:
        return [job for job in due if job.job_id in job_ids]

    return claim_chosen(QUEUE, claimant=CLAIMANT, choose=choose)


def test_what_is_chosen_is_claimed_in_the_queues_order_and_the_rest_stays() -> None:
    first, second, third = make_jobs(3)
    claims = claim([third, first])
    assert [claim.delivery for claim in claims] == [
        Delivery(job_id=first, number=1),
        Delivery(job_id=third, number=1),
    ]
    assert read_state(second) == "queued"
    job = Job.objects.get(pk=first)
    assert (job.state, job.claimed_by, job.deliveries) == ("running", CLAIMANT, 1)
    assert job.lease_expires_at > timezone.now() + timedelta(seconds=LEASE_SECONDS - 5)


def test_a_claim_tells_what_its_job_asks_for() -> None:
    [job_id] = make_jobs(1, processor="gzip", memory_limit_bytes=7, runs_alone=True)
    [claimed] = claim([job_id])
    assert (claimed.job_id, claimed.name) == (job_id, "gzip")
    assert (claimed.memory_limit_bytes, claimed.runs_alone) == (7, True)


def test_where_nothing_is_chosen_nothing_is_written(django_assert_num_queries: Any) -> None:
    make_jobs(2)
    with django_assert_num_queries(1):
        assert claim([]) == []


def test_a_choice_is_one_look_and_one_statement(django_assert_num_queries: Any) -> None:
    jobs = make_jobs(3)
    with django_assert_num_queries(2):
        assert len(claim(jobs)) == 3


def test_one_may_stop_looking_at_any_job() -> None:
    first, _ = make_jobs(2)
    claims = claim_chosen(QUEUE, claimant=CLAIMANT, choose=lambda due: [next(iter(due))])
    assert [claim.job_id for claim in claims] == [first]


def test_a_paused_queue_gives_none() -> None:
    jobs = make_jobs(2)
    QueuePause.objects.create(queue=QUEUE)
    assert claim(jobs) == []


def test_the_packages_of_a_choice_are_bounded_together() -> None:
    half = CLAIM_MOST_BYTES // 2
    jobs = [*make_jobs(2, package_bytes=half), enqueue(package_bytes=1)]
    assert [claim.job_id for claim in claim(jobs)] == jobs[:2]
    assert [claim.job_id for claim in claim(jobs)] == jobs[2:]


def test_one_chosen_job_may_be_as_large_as_it_is() -> None:
    jobs = make_jobs(2, package_bytes=CLAIM_MOST_BYTES + 1)
    assert [claim.job_id for claim in claim(jobs)] == jobs[:1]
    assert [claim.job_id for claim in claim(jobs)] == jobs[1:]


def test_what_another_cluster_took_meanwhile_is_left_to_it() -> None:
    first, second = make_jobs(2)

    def choose(due: Iterable[Due]) -> list[Due]:
        chosen = list(due)
        Job.objects.filter(pk=first).update(state="running", claimed_by="elsewhere")
        return chosen

    claims = claim_chosen(QUEUE, claimant=CLAIMANT, choose=choose)
    assert [claim.job_id for claim in claims] == [second]
    assert Job.objects.get(pk=first).claimed_by == "elsewhere"


def test_who_was_too_slow_for_all_of_them_chooses_anew_but_not_for_ever() -> None:
    jobs = make_jobs(9)
    tries = []

    def choose(due: Iterable[Due]) -> list[Due]:
        chosen = list(due)[:1]
        tries.append(chosen)
        Job.objects.filter(pk=chosen[0].job_id).update(state="running")
        return chosen

    assert claim_chosen(QUEUE, claimant=CLAIMANT, choose=choose) == []
    assert [chosen[0].job_id for chosen in tries] == jobs[:CHOICE_TRIES]


def test_the_chosen_jobs_are_found_by_their_key() -> None:
    plan = explain(CLAIM_CHOSEN, claimant=CLAIMANT, lease_seconds=LEASE_SECONDS, ids="[]")
    table = Job._meta.db_table
    if connection.vendor == "sqlite":
        assert f"SCAN {table}" not in plan
        assert f"sqlite_autoindex_{table}_1" in plan
    else:
        assert "Seq Scan" not in plan
        assert f"{table}_pkey" in plan
