"""`manage.py show_queue`: the queue for people and for machines."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import caches
from django.utils import timezone

from processing.models import QueuePause
from processing.queue import waiting
from processing.queue.pause import pause_queue
from tests.factories import make_job
from tests.management.conftest import Run

pytestmark = pytest.mark.django_db

MIB = 1024 * 1024


@pytest.fixture(autouse=True)
def bounds(settings: Any) -> None:
    settings.QUEUE_MAX_JOBS = 1000
    settings.QUEUE_MAX_BYTES = 64 * MIB


@pytest.fixture(autouse=True)
def nothing_kept(db: None) -> None:
    caches["queue"].clear()


def test_an_empty_queue_is_three_lines_of_nothing(run: Run) -> None:
    assert run("show_queue").out == (
        "Waiting:  0 jobs, 0 bytes\n"
        "Running:  0 jobs on 0 workers\n"
        "Finished: 0 succeeded, 0 failed, 0 cancelled\n"
        "Bounds:   0 of 1,000 jobs, 0 bytes of 64.0 MB\n"
    )


def test_people_read_counts_sizes_and_ages(run: Run) -> None:
    due = timezone.now() - timedelta(minutes=3, seconds=5.2)
    make_job(source_bytes=3 * MIB, run_after=due)
    make_job(processor="upper", source_bytes=MIB)
    make_job(processor="upper", state="running", source_bytes=MIB)
    make_job(processor="", function="shop.tidy")
    make_job(state="failed")
    assert run("show_queue").out == (
        "Waiting:  3 jobs, 4.0 MB, the longest for 3 min 5 s\n"
        "Running:  1 job on 0 workers\n"
        "Finished: 0 succeeded, 1 failed, 0 cancelled\n"
        "Bounds:   4 of 1,000 jobs, 5.0 MB of 64.0 MB\n"
        "\n"
        "             waiting    running\n"
        "echo               1          0\n"
        "shop.tidy          1          0\n"
        "upper              1          1\n"
    )


def test_machines_read_one_document(run: Run) -> None:
    make_job(source_bytes=10, run_after=timezone.now() - timedelta(seconds=60))
    document = run("show_queue", "--json").document
    assert 60 <= document.pop("oldest_waiting_seconds") < 90
    assert 0 <= document.pop("counted_seconds_ago") < 1
    assert document == {
        "state_counts": {"queued": 1, "running": 0, "succeeded": 0, "failed": 0, "cancelled": 0},
        "finished_count_limit": 100_000,
        "backlogs": [{"name": "echo", "waiting_count": 1, "running_count": 0}],
        "load": {"job_count": 1, "source_bytes": 10},
        "bounds": {"jobs": 1000, "bytes": 64 * MIB},
        "waiting_bytes": 10,
        "worker_count": 0,
        "pauses": [],
    }


def test_a_long_history_is_counted_in_part(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("processing.queue.overview.FINISHED_COUNT_LIMIT", 2)
    monkeypatch.setattr("processing.management.commands.show_queue.FINISHED_COUNT_LIMIT", 2)
    for _ in range(3):
        make_job(state="succeeded")
    assert "Finished: 2 or more succeeded, 0 failed" in run("show_queue").out


def test_a_paused_queue_is_said_first(run: Run) -> None:
    pause_queue("plimsoll", "ada")
    QueuePause.objects.update(paused_at="2026-01-31T12:00:00Z")
    assert run("show_queue").out.startswith(
        "The queue plimsoll is paused since 2026-01-31 12:00:00 UTC by ada.\nWaiting:  0 jobs"
    )
    assert run("show_queue", "--json").document["pauses"] == [
        {"queue": "plimsoll", "paused_at": "2026-01-31T12:00:00+00:00", "paused_by": "ada"}
    ]


def test_an_old_count_of_a_long_queue_says_how_old(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "SLICE_JOBS", 1)
    monkeypatch.setattr(waiting, "LASTS_TIMES_ITS_COST", 1e9)
    make_job()
    assert "ago)" not in run("show_queue").out
    kept = caches["queue"].get(waiting.KEY)
    caches["queue"].set(waiting.KEY, kept | {"counted_at": kept["counted_at"] - 4}, 3600)
    assert re.search(r" \(counted 4(\.\d)? s ago\)\n", run("show_queue").out)
