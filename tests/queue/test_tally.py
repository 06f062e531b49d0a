"""Counting what waits: in one slice or in many, to the same end."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from processing.models import Job
from processing.queue.tally import Counting, Tally
from tests.factories import make_job

pytestmark = pytest.mark.django_db

NOW = datetime.fromisoformat("2026-01-31T12:00:00Z")


def make_tally(*, counted_at: float) -> Tally:
    return Tally(
        job_counts={},
        source_bytes=0,
        first_due_at=None,
        counted_at=counted_at,
        took_seconds=0.0,
    )


def count_all() -> Tally:
    counting = Counting()
    assert counting.count_slice(1000)
    return counting.sum_up()


def make_series(count: int) -> None:
    """Jobs that were created a second apart."""
    for number in range(count):
        make_job(created_at=NOW + timedelta(seconds=number), source_bytes=number)


def test_what_waits_is_counted_by_kind() -> None:
    now = timezone.now()
    make_job(source_bytes=10, run_after=now + timedelta(seconds=30))
    make_job(source_bytes=20, run_after=now - timedelta(seconds=60))
    make_job(processor="", function="shop.tidy", source_bytes=1, queue="reports")
    make_job(state="running", source_bytes=1000, run_after=now - timedelta(hours=1))
    counted = count_all()
    assert counted.job_counts == {"echo": 2, "shop.tidy": 1}
    assert (counted.job_count, counted.source_bytes) == (3, 31)
    assert counted.first_due_at == now - timedelta(seconds=60)
    assert 0 <= counted.age_seconds < 5


def test_where_nothing_waits_nothing_is_due() -> None:
    make_job(state="failed")
    counted = count_all()
    assert (counted.job_count, counted.source_bytes, counted.first_due_at) == (0, 0, None)


@pytest.mark.parametrize(("jobs", "slices"), [(0, 1), (2, 1), (3, 2), (7, 3)])
def test_slices_come_to_the_same_as_one_count(jobs: int, slices: int) -> None:
    make_series(jobs)
    counting = Counting()
    ends = [counting.count_slice(3) for _ in range(slices)]
    assert ends == [False] * (slices - 1) + [True]
    counted, at_once = counting.sum_up(), count_all()
    assert counted.job_counts == at_once.job_counts
    assert counted.source_bytes == at_once.source_bytes == sum(range(jobs))
    assert counted.first_due_at == at_once.first_due_at


def test_jobs_of_the_same_microsecond_are_in_one_slice() -> None:
    for _ in range(5):
        make_job(created_at=NOW)
    counting = Counting()
    assert not counting.count_slice(3)
    assert counting.sum_up().job_count == 5
    assert counting.count_slice(3)
    assert counting.sum_up().job_count == 5


def test_a_job_that_comes_while_the_count_is_under_way_is_counted_once() -> None:
    make_series(4)
    counting = Counting()
    counting.count_slice(3)
    make_job()
    counting.count_slice(3)
    assert counting.sum_up().job_count == 5


def test_a_slice_is_found_by_the_index_in_which_jobs_are_in_order() -> None:
    make_series(3)
    with CaptureQueriesContext(connection) as queries:
        Counting().count_slice(2)
    if connection.vendor == "sqlite":
        assert len(queries) == 2, "no transaction: it would wait for who writes"
        jobs = Job.objects.in_state("queued").order_by("created_at")
        assert "job_at_rest" in jobs.values_list("created_at")[1:2].explain()
    else:
        assert any("enable_sort = off" in query["sql"] for query in queries)


def test_a_tally_tells_its_age() -> None:
    assert 60 <= make_tally(counted_at=time.time() - 60).age_seconds < 70
    ahead = make_tally(counted_at=time.time() + 60)
    assert ahead.age_seconds == float("inf"), "another clock dated it"
