"""Looking at what is due, in the queue's order, without claiming it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from processing.models import Job, QueuePause
from processing.queue import due as due_module
from processing.queue.due import LOOK, LOOK_ROWS, Due, look_at_due
from tests.factories import make_job
from tests.queue.enqueued import QUEUE, enqueue
from tests.queue.explaining import explain

pytestmark = pytest.mark.django_db


def look() -> list[UUID]:
    return [due.job_id for due in look_at_due(QUEUE)]


def test_the_first_come_are_seen_first_and_stay_in_the_queue() -> None:
    now = timezone.now()
    jobs = [make_job(order_at=now - timedelta(seconds=age)).pk for age in (10, 30, 20)]
    assert look() == [jobs[1], jobs[2], jobs[0]]
    assert set(Job.objects.values_list("state", "deliveries")) == {("queued", 0)}


def test_it_is_seen_what_a_job_asks_for() -> None:
    job = make_job(processor="gzip", memory_limit_bytes=7, runs_alone=True, package_bytes=13)
    expected = Due(
        job_id=job.pk, name="gzip", memory_limit_bytes=7, runs_alone=True, package_bytes=13
    )
    assert list(look_at_due(QUEUE)) == [expected]


def test_a_plain_task_goes_by_its_function_and_has_the_limit_of_the_cluster() -> None:
    make_job(processor="", function="shop.tidy")
    [due] = look_at_due(QUEUE)
    assert (due.name, due.memory_limit_bytes, due.runs_alone) == ("shop.tidy", None, False)


def test_nothing_is_seen_that_cannot_be_claimed() -> None:
    make_job(queue="other")
    make_job(state="running")
    enqueue(delay_seconds=30, priority="high")
    assert look() == []
    enqueue()
    assert len(look()) == 1
    QueuePause.objects.create(queue=QUEUE)
    assert look() == []


def test_of_a_long_queue_only_the_first_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due_module, "LOOK_ROWS", 2)
    jobs = [make_job(order_at=timezone.now() - timedelta(seconds=9 - n)).pk for n in range(3)]
    assert look() == jobs[:2]


def test_of_large_packages_fewer_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due_module, "LOOK_BYTES", 100)
    now = timezone.now()
    sizes = [60, 30, 10, 1]
    jobs = [
        make_job(order_at=now - timedelta(seconds=9 - n), package_bytes=size).pk
        for n, size in enumerate(sizes)
    ]
    assert look() == jobs[:3]


def test_the_look_reads_its_index_in_order() -> None:
    plan = explain(LOOK, queue=QUEUE, rows=LOOK_ROWS)
    assert "job_claim" in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan
