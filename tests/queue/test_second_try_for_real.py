"""Jobs over their limits in a real cluster: tried again alone, profiled, and parked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django_q.tasks import async_task

from processing.models import Job
from processing.queue.options import job_options
from tests.cluster import RunningCluster, run_cluster
from tests.queue import hogs
from tests.service import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

#: With this quota and two seats there are 193 MB for a task that runs alone.
QUOTA = {"MEMORY_QUOTA_MB": "512", "TASK_MEMORY_LIMIT_MB": "32"}
END_SECONDS = 60.0


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[RunningCluster]:
    with run_cluster(tmp_path, "--seats", "2", **QUOTA) as cluster:
        yield cluster


def enqueue(function: Any, *arguments: Any, **options: Any) -> Job:
    job_id = async_task(function, *arguments, **job_options(**({"max_attempts": 3} | options)))
    return Job.objects.get(pk=job_id)


def wait_for_end(*jobs: Job) -> None:
    def have_ended() -> bool:
        for job in jobs:
            job.refresh_from_db()
        return all(job.is_final for job in jobs)

    wait_for(have_ended, END_SECONDS, "the jobs did not end")


def find_place(text: str) -> str:
    lines = Path(hogs.__file__).read_text().splitlines()
    [number] = [number for number, line in enumerate(lines, 1) if line.endswith(text)]
    return f"{hogs.__file__}:{number}"


def test_hogs_are_tried_once_more_alone_and_parked_with_their_guilty_lines(
    cluster: RunningCluster,
) -> None:
    plain = enqueue(hogs.grow_without_end)
    stubborn = enqueue(hogs.grow_and_catch_everything)
    wait_for_end(plain, stubborn)
    for job, text in ((plain, "# grows"), (stubborn, "# grows and catches")):
        assert (job.state, job.error_code) == ("failed", "memory_limit_exceeded")
        assert (job.attempts, job.runs_alone) == (2, True)
        worst = json.loads(job.allocation_profile)[0]
        assert worst["place"] == find_place(text)
        assert worst["bytes"] > 8 * hogs.MIB
        assert "of memory and had room for " in job.error_message
        assert f"most was allocated in {find_place(text)}" in job.error_message


def test_what_fits_into_all_the_room_succeeds_the_second_time(cluster: RunningCluster) -> None:
    job = enqueue(hogs.hold, 60 * hogs.MIB)
    wait_for_end(job)
    assert (job.state, job.attempts, job.error_code) == ("succeeded", 2, "")
    assert [past["outcome"] for past in job.past_deliveries] == [
        "memory_limit_exceeded",
        "succeeded",
    ]
    assert json.loads(job.allocation_profile)[0]["place"] == find_place("# holds")


def test_a_job_with_one_attempt_has_no_second(cluster: RunningCluster) -> None:
    job = enqueue(hogs.grow_without_end, max_attempts=1)
    wait_for_end(job)
    assert (job.state, job.attempts, job.runs_alone) == ("failed", 1, False)
    assert job.error_message.startswith("The task took ")
    # The interrupt comes between two lines of the loop as well as on the one that grows.
    place = find_place("# grows").rpartition(":")[0]
    assert f"; it was in grow_without_end, {place}:" in job.error_message
    assert job.allocation_profile == ""
