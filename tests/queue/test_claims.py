"""Claims: which jobs are handed out, in what order, and how unused ones go back."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone

from processing.models import Job, QueuePause
from processing.queue.claims import (
    CLAIM,
    CLAIM_MOST_BYTES,
    LEASE_SECONDS,
    NEXT_DUE,
    Delivery,
    claim_jobs,
    find_next_due_seconds,
    has_due_jobs,
    release_claims,
)
from tests.factories import make_job
from tests.queue.enqueued import QUEUE, enqueue
from tests.queue.explaining import explain

pytestmark = pytest.mark.django_db

CLAIMANT = "here"
PARAMETERS = {
    "queue": QUEUE,
    "claimant": CLAIMANT,
    "count": 9,
    "bytes": CLAIM_MOST_BYTES,
    "lease_seconds": LEASE_SECONDS,
}


def claim(count: int = 9, queue: str = QUEUE) -> list[UUID]:
    claims = claim_jobs(queue, claimant=CLAIMANT, count=count)
    return [claim.delivery.job_id for claim in claims]


def let_pass(seconds: float) -> None:
    """Move all that waits into the past."""
    passed = timedelta(seconds=seconds)
    Job.objects.update(run_after=F("run_after") - passed, order_at=F("order_at") - passed)


def test_the_first_come_are_claimed_first() -> None:
    now = timezone.now()
    jobs = [make_job(order_at=now - timedelta(seconds=age)).pk for age in (10, 30, 20, 5)]
    assert claim(count=3) == [jobs[1], jobs[2], jobs[0]]


def test_of_what_comes_together_the_higher_priority_goes_first() -> None:
    low, normal, high = (enqueue(priority=name) for name in ("low", "normal", "high"))
    assert claim() == [high, normal, low]


def test_a_job_of_low_priority_lets_pass_ten_minutes_and_no_more() -> None:
    low = enqueue(priority="low")
    let_pass(590)
    first = enqueue()
    let_pass(11)
    [late, urgent] = enqueue(), enqueue(priority="high")
    assert claim() == [urgent, first, low, late]


def test_a_job_of_high_priority_passes_a_minute_and_no_more() -> None:
    first = enqueue()
    let_pass(50)
    second = enqueue()
    let_pass(20)
    urgent = enqueue(priority="high")
    assert claim() == [first, urgent, second]


def test_a_claimed_job_runs_under_a_lease() -> None:
    job_id = enqueue(timeout_seconds=2.5)
    [claimed] = claim_jobs(QUEUE, claimant=CLAIMANT, count=1)
    assert claimed.delivery == Delivery(job_id=job_id, number=1)
    assert (claimed.package, claimed.timeout_seconds) == ("not a package", 2.5)
    job = Job.objects.get()
    assert (job.state, job.deliveries, job.claimed_by) == ("running", 1, CLAIMANT)
    lease_seconds = (job.lease_expires_at - timezone.now()).total_seconds()
    assert LEASE_SECONDS - 5 < lease_seconds <= LEASE_SECONDS
    assert job.started_at is not None


def test_the_traces_of_an_earlier_delivery_are_gone_from_a_claimed_job() -> None:
    make_job(deliveries=4, progress=0.5, finished_at=timezone.now())
    [claimed] = claim_jobs(QUEUE, claimant=CLAIMANT, count=1)
    job = Job.objects.get()
    assert (claimed.delivery.number, job.progress, job.finished_at) == (5, None, None)


@pytest.mark.parametrize("priority", ["low", "normal", "high"])
def test_a_delayed_job_is_claimed_at_its_time_and_not_before(priority: str) -> None:
    job_id = enqueue(delay_seconds=30, priority=priority)
    let_pass(29)
    assert claim() == []
    let_pass(1.001)  # SQLite's clock has milliseconds, the job's time microseconds
    assert claim() == [job_id]


def test_delayed_jobs_are_claimed_in_the_order_in_which_they_became_due() -> None:
    [second, first] = enqueue(delay_seconds=20), enqueue(delay_seconds=10)
    let_pass(21)
    assert claim() == [first, second]


def test_jobs_of_another_queue_or_state_are_left() -> None:
    make_job(queue="other")
    for state in ("running", "succeeded", "failed", "cancelled"):
        make_job(state=state)
    assert claim() == []


def test_a_paused_queue_gives_none_and_other_queues_do() -> None:
    here, there = enqueue(), enqueue(queue="other")
    QueuePause.objects.create(queue=QUEUE)
    assert claim() == []
    assert claim(queue="other") == [there]
    QueuePause.objects.all().delete()
    assert claim() == [here]


def test_the_packages_of_a_claim_are_bounded_together() -> None:
    jobs = []
    for size in (CLAIM_MOST_BYTES // 2, CLAIM_MOST_BYTES // 2, 1):
        jobs.append(enqueue(package_bytes=size))
        let_pass(1)
    assert claim() == jobs[:2]
    assert claim() == jobs[2:]


def test_one_job_may_be_as_large_as_it_is() -> None:
    large, small = enqueue(package_bytes=CLAIM_MOST_BYTES + 1, priority="high"), enqueue()
    assert claim() == [large]
    assert claim() == [small]


def test_the_claim_reads_its_index_in_order() -> None:
    plan = explain(CLAIM, **PARAMETERS)
    assert "job_claim" in plan
    if connection.vendor == "sqlite":
        [due] = [line for line in plan.splitlines() if "job_claim" in line]
        assert "queue=? AND order_at<?" in due, "the order is the index's own"


def test_the_next_due_job_is_found_in_the_index() -> None:
    plan = explain(NEXT_DUE, queue=QUEUE)
    assert "job_claim" in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan


def test_it_is_known_whether_there_is_anything_to_claim() -> None:
    make_job(state="running")
    enqueue(queue="other")
    enqueue(delay_seconds=30, priority="high")
    assert not has_due_jobs(QUEUE)
    enqueue(priority="low")
    assert has_due_jobs(QUEUE)
    QueuePause.objects.create(queue=QUEUE)
    assert not has_due_jobs(QUEUE)


@pytest.mark.parametrize("priority", ["low", "normal", "high"])
def test_the_wait_for_a_delayed_job_is_known(priority: str) -> None:
    enqueue(delay_seconds=30, priority=priority)
    seconds = find_next_due_seconds(QUEUE)
    assert seconds is not None
    assert 20 < seconds <= 30.001, "SQLite counts milliseconds"


def test_nothing_is_waited_for_that_is_due_or_runs_or_is_elsewhere() -> None:
    enqueue()
    enqueue(delay_seconds=30, queue="other")
    make_job(state="running", run_after=timezone.now() + timedelta(seconds=30))
    let_pass(1)
    assert find_next_due_seconds(QUEUE) is None


def test_of_several_delayed_jobs_the_first_is_waited_for() -> None:
    for seconds in (50, 20, 40):
        enqueue(delay_seconds=seconds)
    seconds = find_next_due_seconds(QUEUE)
    assert seconds is not None
    assert 10 < seconds < 21


def test_a_delivery_is_read_back_from_its_text() -> None:
    delivery = Delivery(job_id=uuid4(), number=7)
    assert Delivery.parse(str(delivery)) == delivery
    with pytest.raises(ValueError, match="badly formed"):
        Delivery.parse("nonsense")


def test_a_released_job_has_its_old_place_and_was_not_delivered() -> None:
    first = enqueue()
    let_pass(1)
    enqueue()
    claims = claim_jobs(QUEUE, claimant=CLAIMANT, count=1)
    release_claims(claims, claimant=CLAIMANT)
    job = Job.objects.get(pk=first)
    assert (job.state, job.deliveries, job.started_at) == ("queued", 0, None)
    assert (job.claimed_by, job.lease_expires_at, job.history) == ("", None, "")
    assert claim_jobs(QUEUE, claimant=CLAIMANT, count=1) == claims


def test_a_released_job_that_was_to_be_cancelled_is_cancelled() -> None:
    enqueue()
    claims = claim_jobs(QUEUE, claimant=CLAIMANT, count=1)
    Job.objects.get().cancel()
    release_claims(claims, claimant=CLAIMANT)
    job = Job.objects.get()
    assert (job.state, job.claimed_by, job.lease_expires_at) == ("cancelled", "", None)
    assert job.finished_at is not None


@pytest.mark.parametrize("changed", [{"claimed_by": "elsewhere"}, {"state": "failed"}])
def test_a_job_that_is_not_ours_any_more_is_not_released(changed: dict[str, str]) -> None:
    enqueue()
    claims = claim_jobs(QUEUE, claimant=CLAIMANT, count=1)
    Job.objects.update(**changed)
    before = Job.objects.values().get()
    release_claims(claims, claimant=CLAIMANT)
    assert Job.objects.values().get() == before


def test_a_claim_of_ours_that_is_newer_is_not_released() -> None:
    enqueue()
    [old] = claim_jobs(QUEUE, claimant=CLAIMANT, count=1)
    Job.objects.update(deliveries=F("deliveries") + 1)  # it was lost, and is ours again
    release_claims([old], claimant=CLAIMANT)
    assert Job.objects.values_list("state", "deliveries").get() == ("running", 2)
