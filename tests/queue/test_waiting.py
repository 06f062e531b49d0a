"""A short queue is counted by every look; the count of a long one is shared and renewed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import caches
from django.db import connection
from django.test.utils import CaptureQueriesContext

from processing.models import Job
from processing.queue import waiting as room
from processing.queue.bounds import QueueLoad, find_load
from processing.queue.tally import Tally
from processing.queue.waiting import Waiting, is_fresh
from tests.factories import make_job

pytestmark = pytest.mark.django_db

#: Ages in seconds at which a shared count is due for renewal, and too old to be believed.
STALE, OLD = 6.0, 16.0


@pytest.fixture
def waiting(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Waiting]:
    """One process, for which a slice is three jobs and every count lasts for five seconds."""
    monkeypatch.setattr(room, "SLICE_JOBS", 3)
    monkeypatch.setattr(room, "LASTS_TIMES_ITS_COST", 1e9)
    caches["queue"].clear()
    yield Waiting()
    caches["queue"].clear()


def make_jobs(count: int) -> None:
    for _ in range(count):
        make_job()


def age(seconds: float) -> None:
    """Make the shared count so old."""
    shared = caches["queue"].get(room.KEY)
    caches["queue"].set(room.KEY, shared | {"counted_at": time.time() - seconds}, 3600)


def count_statements(look: Callable[[], Any]) -> int:
    """How often the jobs table is asked meanwhile."""
    with CaptureQueriesContext(connection) as queries:
        look()
    return sum("processing_job" in query["sql"] for query in queries)


def test_a_short_queue_is_counted_by_every_look(waiting: Waiting) -> None:
    make_jobs(2)
    assert waiting.look().job_count == 2
    Job.objects.all().delete()
    assert waiting.look().job_count == 0


def test_a_long_queue_is_counted_once_for_all_processes(waiting: Waiting) -> None:
    make_jobs(3)
    assert waiting.look().job_count == 3
    make_job()
    for process in (waiting, Waiting()):
        assert count_statements(process.look) == 0
        assert process.look().job_count == 3


def test_a_short_queue_that_took_long_to_count_is_shared(
    waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "SHORT_COUNT_SECONDS", 0.0)
    make_job()
    waiting.look()
    assert count_statements(Waiting().look) == 0


def test_the_load_has_what_runs_on_top_of_the_shared_count(waiting: Waiting) -> None:
    make_jobs(3)
    waiting.look()
    make_job(source_bytes=5)
    make_job(source_bytes=7, state="running")
    assert find_load() == QueueLoad(job_count=4, source_bytes=7)


def test_a_stale_count_is_believed_while_it_is_renewed_slice_by_slice(waiting: Waiting) -> None:
    make_jobs(3)
    waiting.look()
    make_jobs(4)
    age(STALE)
    assert [waiting.look().job_count for _ in range(3)] == [3, 3, 7]
    assert count_statements(Waiting().look) == 0, "the new count is everybody's"


def test_an_old_count_is_made_anew_at_once(waiting: Waiting) -> None:
    make_jobs(3)
    waiting.look()
    make_jobs(4)
    age(OLD)
    assert waiting.look().job_count == 7


def test_a_count_that_another_clock_dated_ahead_is_not_believed(waiting: Waiting) -> None:
    make_jobs(3)
    waiting.look()
    make_job()
    age(-3600)
    assert waiting.look().job_count == 4


def test_who_cannot_wait_is_told_what_was_counted_so_far(
    waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "LARGE_SLICE_JOBS", 3)
    make_jobs(7)
    assert [waiting.look(0).job_count for _ in range(3)] == [3, 6, 7]
    assert Waiting().look().job_count == 7


def test_who_waits_is_told_all_however_long_it_takes(
    waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "LARGE_SLICE_JOBS", 3)
    monkeypatch.setattr(room, "BELIEVED_MOST_SECONDS", 0.0)
    make_jobs(7)
    assert waiting.look().job_count == 7


def test_a_renewal_that_nobody_went_on_with_begins_again(
    waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_jobs(7)
    waiting.look()
    age(STALE)
    waiting.look()
    Job.objects.all().delete()
    monkeypatch.setattr(room, "BELIEVED_MOST_SECONDS", 0.0)
    waiting.look()
    assert waiting.look().job_count == 0


@pytest.mark.parametrize("seconds", [STALE, OLD])
def test_a_queue_that_became_short_is_counted_by_every_look_again(
    waiting: Waiting, seconds: float
) -> None:
    make_jobs(3)
    waiting.look()
    Job.objects.all().delete()
    age(seconds)
    assert waiting.look().job_count == 0
    make_job()
    assert waiting.look().job_count == 1


def test_a_count_that_was_forgotten_is_made_anew(waiting: Waiting) -> None:
    make_jobs(3)
    waiting.look()
    Job.objects.all().delete()
    waiting.forget()
    assert waiting.look().job_count == 0


@pytest.mark.parametrize(
    ("took_seconds", "age_seconds", "fresh"),
    [(0.02, 0.9, True), (0.02, 1.1, False), (3.0, 4.9, True), (3.0, 5.1, False)],
)
def test_counting_takes_a_small_part_of_the_time(
    took_seconds: float, age_seconds: float, fresh: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", lambda: 1000.0)
    tally = Tally(
        job_counts={},
        source_bytes=0,
        first_due_at=None,
        counted_at=1000.0 - age_seconds,
        took_seconds=took_seconds,
    )
    assert is_fresh(tally) == fresh
