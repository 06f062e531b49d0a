"""Tasks around the limit, on a real cluster: which of them fail of it, and what of others."""

from __future__ import annotations

from typing import Any

import pytest
from django_q.tasks import async_task

from processing.models import Job
from processing.queue.broker import DatabaseBroker
from tests.cluster import RunningCluster
from tests.queue.django_q2.outcomes import wait_for_end
from tests.queue.limit import tasks
from tests.queue.limit.conftest import LIMIT_MB
from tests.service import wait_for

pytestmark = pytest.mark.usefixtures("cluster")

MIB = tasks.MIB
EXCEEDED = "memory_limit_exceeded"
REPLACE_SECONDS = 10.0


def run(task: Any, *arguments: Any, **options: Any) -> Job:
    """The job of a task that has ended for good."""
    return wait_for_end(async_task(task, *arguments, **options))


def test_a_plain_task_has_the_default_limit() -> None:
    assert run(tasks.hold, LIMIT_MB // 2, 0.2).state == "succeeded"
    job = run(tasks.hold, LIMIT_MB * 3 // 2)
    assert (job.state, job.error_code, job.attempts) == ("failed", EXCEEDED, 1)
    assert f"{LIMIT_MB} MB" in job.error_message


def test_a_job_may_have_a_limit_of_its_own() -> None:
    larger = DatabaseBroker.for_job({"memory_limit_bytes": 2 * LIMIT_MB * MIB})
    assert run(tasks.hold, LIMIT_MB * 3 // 2, 0.2, broker=larger).state == "succeeded"
    smaller = DatabaseBroker.for_job({"memory_limit_bytes": LIMIT_MB * MIB // 4})
    assert run(tasks.hold, LIMIT_MB // 2, broker=smaller).error_code == EXCEEDED


def test_a_piece_that_is_larger_than_all_there_may_be_is_over_the_limit() -> None:
    job = run(tasks.allocate_at_once, 4096)
    assert (job.error_code, job.attempts) == (EXCEEDED, 1)
    assert "allocate_at_once" in job.error_message + job.error_traceback


def test_a_thread_for_which_there_is_no_room_is_over_the_limit() -> None:
    assert run(tasks.start_thread, LIMIT_MB).state == "succeeded"
    assert run(tasks.start_thread, 4 * LIMIT_MB).error_code == EXCEEDED


def test_a_task_that_lifts_the_kernels_limit_is_over_ours_all_the_same() -> None:
    assert run(tasks.lift_limit, 8 * LIMIT_MB).error_code == EXCEEDED


def test_a_memory_error_that_the_task_raises_is_taken_for_one() -> None:
    job = run(tasks.raise_memory_error)
    assert (job.error_code, job.attempts) == (EXCEEDED, 1)
    assert "no room on the shelf" in job.error_traceback


def test_a_result_that_is_too_large_fails_as_one_where_there_is_room_to_store_it() -> None:
    job = run(tasks.return_bytes, LIMIT_MB // 8)
    assert (job.error_code, job.attempts) == ("result_too_large", 1)


def test_a_child_counts_for_the_peak_and_for_the_limit() -> None:
    job = run(tasks.run_child, LIMIT_MB // 2, 0.5)
    assert job.state == "succeeded"
    assert LIMIT_MB * MIB // 2 <= job.peak_memory_bytes < LIMIT_MB * MIB
    job = run(tasks.run_child, LIMIT_MB * 3 // 2, tasks.LONGEST_SECONDS)
    assert job.error_code == EXCEEDED
    assert job.peak_memory_bytes > LIMIT_MB * MIB


def test_a_seat_whose_task_was_over_the_limit_is_replaced(cluster: RunningCluster) -> None:
    job = run(tasks.hold, 2 * LIMIT_MB)
    pid = int(job.past_deliveries[0]["where"].rsplit(":", 1)[1])
    wait_for(
        lambda: len(cluster.seats) == 2 and pid not in {seat.pid for seat in cluster.seats},
        REPLACE_SECONDS,
        "the seat was not replaced",
    )
    pids = {int(str(run(tasks.find_process).result)) for _ in range(4)}
    assert pids <= {seat.pid for seat in cluster.seats}
