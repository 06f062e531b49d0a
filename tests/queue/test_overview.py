"""The queue at a glance."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import caches
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from processing.queue import overview, waiting
from processing.queue.bounds import QueueLoad, find_load
from processing.queue.overview import Backlog, summarize_queue
from processing.queue.pause import pause_queue
from tests.factories import make_job

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_kept(db: None) -> None:
    caches["queue"].clear()


def test_jobs_are_counted_by_state_and_by_what_they_run() -> None:
    for state in ("queued", "queued", "running", "succeeded", "failed", "failed", "cancelled"):
        make_job(state=state, source_bytes=10)
    make_job(processor="", function="shop.tidy", source_bytes=1)
    make_job(processor="upper", state="failed")
    seen = summarize_queue()
    assert seen.state_counts == {
        "queued": 3,
        "running": 1,
        "succeeded": 1,
        "failed": 3,
        "cancelled": 1,
    }
    assert seen.backlogs == (
        Backlog(name="echo", waiting_count=2, running_count=1),
        Backlog(name="shop.tidy", waiting_count=1, running_count=0),
    )
    assert seen.waiting_bytes == 21
    assert seen.load == QueueLoad(job_count=4, source_bytes=31) == find_load()


def test_the_longest_wait_is_that_of_the_job_that_was_due_first() -> None:
    now = timezone.now()
    make_job(run_after=now - timedelta(seconds=50), created_at=now - timedelta(days=1))
    make_job(run_after=now - timedelta(seconds=40), processor="upper")
    make_job(run_after=now - timedelta(hours=1), state="running")
    waited = summarize_queue().oldest_waiting_seconds
    assert waited is not None
    assert 50 <= waited < 60


def test_a_job_that_is_not_due_yet_has_not_waited() -> None:
    make_job(run_after=timezone.now() + timedelta(hours=1))
    assert summarize_queue().oldest_waiting_seconds == 0


def test_where_nothing_waits_there_is_no_longest_wait() -> None:
    make_job(state="running")
    assert summarize_queue().oldest_waiting_seconds is None


def test_finished_jobs_are_counted_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview, "FINISHED_COUNT_LIMIT", 2)
    for _ in range(3):
        make_job(state="failed")
        make_job()
    counts = summarize_queue().state_counts
    assert (counts["failed"], counts["queued"]) == (2, 3)


def test_jobs_that_run_and_jobs_that_wait_are_of_one_backlog() -> None:
    make_job(processor="upper", state="running")
    make_job(processor="echo")
    assert [log.name for log in summarize_queue().backlogs] == ["echo", "upper"]


def test_paused_queues_are_named() -> None:
    assert summarize_queue().pauses == ()
    pause_queue("reports", "ada")
    [pause] = summarize_queue().pauses
    assert (pause.queue, pause.paused_by) == ("reports", "ada")


def test_of_a_long_queue_the_age_of_its_count_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "SLICE_JOBS", 1)
    monkeypatch.setattr(waiting, "LASTS_TIMES_ITS_COST", 1e9)
    make_job()
    assert summarize_queue().counted_seconds_ago < 1
    kept = caches["queue"].get(waiting.KEY)
    caches["queue"].set(waiting.KEY, kept | {"counted_at": kept["counted_at"] - 4}, 3600)
    assert 4 <= summarize_queue().counted_seconds_ago < 10


def test_the_cost_does_not_grow_with_the_queue() -> None:
    costs = []
    for start in (0, 30):
        for number in range(start, start + 30):
            make_job(processor=f"p{number}")
        with CaptureQueriesContext(connection) as queries:
            summarize_queue()
        costs.append(len(queries))
    assert costs[0] == costs[1]
