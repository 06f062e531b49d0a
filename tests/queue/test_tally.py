"""Counting what waits: a short queue each time, a long one seldom, and for everybody."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import caches
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from processing.models import Job
from processing.queue import tally
from processing.queue.bounds import QueueLoad, find_load
from processing.queue.tally import (
    Tally,
    count_waiting,
    forget_tally,
    keep_tally,
    look_at_waiting,
)
from tests.factories import make_job

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def low_threshold(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Three jobs are a long queue, whose count lasts a minute and a half."""
    monkeypatch.setattr(tally, "SHORT_QUEUE_JOBS", 3)
    monkeypatch.setattr(tally, "LASTS_TIMES_ITS_COST", 1e9)
    monkeypatch.setattr(tally, "LASTS_MOST_SECONDS", 90.0)
    caches["queue"].clear()
    yield
    caches["queue"].clear()


def make_jobs(count: int) -> None:
    for _ in range(count):
        make_job()


def age(seconds: float) -> None:
    """Make the shared count so much older."""
    kept = caches["queue"].get(tally.KEY)
    kept["counted_at"] -= seconds
    caches["queue"].set(tally.KEY, kept, 3600)


def count_statements(look: Callable[[], Any]) -> int:
    """How often the jobs table is asked meanwhile."""
    with CaptureQueriesContext(connection) as queries:
        look()
    return sum("processing_job" in query["sql"] for query in queries)


def test_what_waits_is_counted_by_kind() -> None:
    now = timezone.now()
    make_job(source_bytes=10, run_after=now + timedelta(seconds=30))
    make_job(source_bytes=20, run_after=now - timedelta(seconds=60))
    make_job(processor="", function="shop.tidy", source_bytes=1, queue="reports")
    make_job(state="running", source_bytes=1000, run_after=now - timedelta(hours=1))
    counted = count_waiting()
    assert counted.job_counts == {"echo": 2, "shop.tidy": 1}
    assert (counted.job_count, counted.source_bytes) == (3, 31)
    assert counted.first_due_at == pytest.approx((now - timedelta(seconds=60)).timestamp(), abs=1)
    assert 0 <= counted.age_seconds < 5


def test_an_empty_queue_has_nothing_due() -> None:
    make_job(state="failed")
    assert (count_waiting().job_count, count_waiting().first_due_at) == (0, None)


def test_a_short_queue_is_counted_by_every_look() -> None:
    make_jobs(2)
    assert look_at_waiting().job_count == 2
    Job.objects.all().delete()
    assert look_at_waiting().job_count == 0


def test_a_long_queue_is_counted_once_for_all_looks() -> None:
    make_jobs(3)
    assert look_at_waiting().job_count == 3
    make_job()
    assert count_statements(look_at_waiting) == 0
    assert look_at_waiting() == look_at_waiting()
    assert look_at_waiting().job_count == 3


def test_the_load_has_what_runs_on_top_of_the_shared_count() -> None:
    make_jobs(3)
    look_at_waiting()
    make_job(source_bytes=5)
    make_job(source_bytes=7, state="running")
    assert find_load() == QueueLoad(job_count=4, source_bytes=7)


def test_a_count_lasts_so_many_times_as_long_as_it_took() -> None:
    make_jobs(3)
    look_at_waiting()
    make_job()
    age(2 * 90.0 - 60)
    assert look_at_waiting().job_count == 3
    age(60)
    assert look_at_waiting().job_count == 4


def test_who_keeps_the_count_renews_it_before_anybody_else_need_to() -> None:
    make_jobs(3)
    keep_tally()
    make_job()
    age(60)
    assert count_statements(keep_tally) == 0
    age(60)
    keep_tally()
    assert count_statements(look_at_waiting) == 0
    assert look_at_waiting().job_count == 4


def test_a_count_that_another_clock_dated_ahead_is_not_believed() -> None:
    make_jobs(3)
    look_at_waiting()
    make_job()
    age(-3600)
    assert look_at_waiting().job_count == 4


def test_a_count_that_was_forgotten_is_made_anew() -> None:
    make_jobs(3)
    look_at_waiting()
    Job.objects.all().delete()
    forget_tally()
    assert look_at_waiting().job_count == 0


def test_counting_takes_a_small_part_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    for took_seconds, lasts_seconds in ((0.02, 1.0), (0.06, 3.0), (10.0, 5.0)):
        counted = Tally(
            job_counts={},
            source_bytes=0,
            first_due_at=None,
            counted_at=time.time(),
            took_seconds=took_seconds,
        )
        assert counted.lasts_seconds == lasts_seconds


def test_one_statement_counts_it_all() -> None:
    make_jobs(3)
    assert count_statements(count_waiting) == 1
