"""A real cluster lets in what fits into its memory: together, alone, at last, and as it learns.

Most tasks here take no memory: what counts is what they may take, or took before.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from uuid import UUID

import pytest
from django.db import transaction

from processing.memory.gate import RESERVE_SECONDS
from processing.memory.learnt_peaks import FEWEST_PEAKS
from processing.memory.units import MIB
from processing.models import Job
from processing.queue.broker import DatabaseBroker
from tests.cluster import RunningCluster, run_cluster
from tests.queue.survival.marks import read_marks
from tests.queue.survival.work import enqueue
from tests.service import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

SEATS = 3
#: So many jobs of a stream wait: on a loaded machine a test adds none for a while.
STREAM_COUNT = 8 * SEATS
#: Of the large ones two do not fit together, and small ones fit beside one of them. What may take
#: all that a task can have fits beside one task of medium size.
QUOTA_MB = 1000
LARGE_BYTES, MOST_BYTES = 450 * MIB, 5000 * MIB
MEDIUM_BYTES = 80 * MIB
#: Here a task that takes all that it may fits in no case: of the quota the plan gives away 95 %,
#: and the gate 85 %.
TOO_LARGE_QUOTA_MB = 3500
SHORT_SECONDS = 0.3
LONG_SECONDS = 1.5
DONE_SECONDS = 30.0
#: What the start of a task takes on a loaded machine.
SLACK_SECONDS = 4.0

Interval = tuple[float, float]


@pytest.fixture
def marks(tmp_path: Path) -> Path:
    """The file in which the tasks note when they begin and end."""
    return tmp_path / "marks"


def queue_small(marks: Path, count: int, seconds: float = SHORT_SECONDS) -> list[UUID]:
    """Tasks without a limit of their own, which take next to nothing."""
    return [enqueue("run_marked", marks, seconds) for _ in range(count)]


def queue_medium(marks: Path, count: int) -> list[UUID]:
    """Tasks without a limit of their own, which take memory."""
    return [enqueue("run_large", marks, MEDIUM_BYTES, SHORT_SECONDS) for _ in range(count)]


def queue_large(marks: Path, limit_bytes: int, seconds: float = LONG_SECONDS) -> UUID:
    """A task that may take so much, and takes next to nothing."""
    broker = DatabaseBroker.for_job({"memory_limit_bytes": limit_bytes})
    return enqueue("run_until", marks, marks.with_name("never"), seconds, broker=broker)


def run(folder: Path, quota_mb: int = QUOTA_MB) -> AbstractContextManager[RunningCluster]:
    return run_cluster(folder, WORKER_SEATS=str(SEATS), MEMORY_QUOTA_MB=str(quota_mb))


def wait_until_done() -> None:
    wait_for(lambda: not Job.objects.live().exists(), DONE_SECONDS, "jobs are left")
    outcomes = set(Job.objects.values_list("state", "attempts", "deliveries"))
    assert outcomes == {("succeeded", 1, 1)}


def read_intervals(marks: Path, job_ids: Iterable[UUID]) -> list[Interval]:
    """When these ran, from when to when."""
    begun = {mark.job_id: mark.at for mark in read_marks(marks, "begin")}
    ended = {mark.job_id: mark.at for mark in read_marks(marks, "end")}
    return [(begun[job_id], ended[job_id]) for job_id in job_ids]


def overlap(one: Interval, other: Interval) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def count_most_at_once(intervals: list[Interval]) -> int:
    return max(sum(start <= at < end for start, end in intervals) for at, _ in intervals)


def find_pids(marks: Path, job_ids: Iterable[UUID]) -> set[int]:
    wanted = set(job_ids)
    return {mark.pid for mark in read_marks(marks, "begin") if mark.job_id in wanted}


def test_what_does_not_fit_together_runs_one_after_the_other_while_small_ones_pass(
    tmp_path: Path, marks: Path
) -> None:
    with transaction.atomic():
        large = [queue_large(marks, LARGE_BYTES) for _ in range(2)]
        small = queue_small(marks, 6)
    with run(tmp_path):
        wait_until_done()
    first, second = sorted(read_intervals(marks, large))
    assert not overlap(first, second)
    passing = [one for one in read_intervals(marks, small) if one[0] < second[0]]
    assert len(passing) == len(small), "they need not wait for the second"


def test_under_a_stream_of_others_a_large_one_begins_after_ten_seconds(
    tmp_path: Path, marks: Path
) -> None:
    ends_at = time.monotonic() + DONE_SECONDS + RESERVE_SECONDS
    waiting = Job.objects.filter(state="queued")
    with run(tmp_path):
        others = queue_medium(marks, STREAM_COUNT)
        wait_for(lambda: len(read_marks(marks, "end")) > FEWEST_PEAKS, DONE_SECONDS, "none ran")
        queued_at = time.time()
        large = queue_large(marks, MOST_BYTES)
        while large not in {mark.job_id for mark in read_marks(marks, "begin")}:
            assert time.monotonic() < ends_at, "it is starved"
            others += queue_medium(marks, SEATS)
            wait_for(lambda: waiting.count() < STREAM_COUNT, DONE_SECONDS, "nothing runs")
        wait_until_done()
    [(begun_at, _)] = read_intervals(marks, [large])
    assert begun_at - queued_at < RESERVE_SECONDS + SHORT_SECONDS + SLACK_SECONDS
    passing = [one for one in read_intervals(marks, others) if queued_at < one[0] < begun_at]
    assert len(passing) > SEATS, "for a while they passed it"


def test_beside_a_job_that_runs_alone_nothing_runs(tmp_path: Path, marks: Path) -> None:
    with transaction.atomic():
        before = queue_small(marks, SEATS)
        alone = queue_large(marks, MIB)
        behind = queue_small(marks, 2 * SEATS)
        Job.objects.filter(pk=alone).update(runs_alone=True)
    with run(tmp_path):
        wait_until_done()
    [interval] = read_intervals(marks, [alone])
    others = read_intervals(marks, [*before, *behind])
    assert not any(overlap(interval, other) for other in others)


def test_a_large_limit_counts_until_it_is_known_how_little_is_taken(
    tmp_path: Path, marks: Path
) -> None:
    with transaction.atomic():
        jobs = [queue_large(marks, LARGE_BYTES, SHORT_SECONDS) for _ in range(FEWEST_PEAKS + 6)]
    with run(tmp_path):
        wait_until_done()
    in_order = sorted(read_intervals(marks, jobs))
    assert count_most_at_once(in_order[:FEWEST_PEAKS]) == 1
    assert count_most_at_once(in_order[FEWEST_PEAKS:]) > 1


def test_what_was_learnt_is_known_to_the_next_cluster(tmp_path: Path, marks: Path) -> None:
    for _ in range(FEWEST_PEAKS):
        queue_large(marks, LARGE_BYTES, 0.0)
    with run(tmp_path):
        wait_until_done()
    with transaction.atomic():
        jobs = [queue_large(marks, LARGE_BYTES) for _ in range(SEATS)]
    with run(tmp_path):
        wait_until_done()
    assert count_most_at_once(read_intervals(marks, jobs)) > 1


def test_what_never_fits_begins_in_a_fresh_seat_when_nothing_else_runs(
    tmp_path: Path, marks: Path
) -> None:
    with run(tmp_path, TOO_LARGE_QUOTA_MB):
        small = queue_small(marks, 2 * SEATS)
        wait_for(lambda: len(read_marks(marks, "end")) == len(small), DONE_SECONDS, "none ran")
        large = queue_large(marks, MOST_BYTES, SHORT_SECONDS)
        wait_until_done()
    assert not find_pids(marks, small) & find_pids(marks, [large])
