"""Seats that die as they start, and processes that cannot be started: no storm, and no end."""

from __future__ import annotations

from pathlib import Path

import pytest

from processing.models import Job
from tests.queue.survival.keeper import Keeper, keep_cluster
from tests.queue.survival.work import enqueue, outcomes_of, wait_until_done
from tests.service import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

#: Seats that may be started until the wait between two of them is as long as it gets.
MOST_STARTS = 20
LONGEST_WAIT = "the next one is started in 5.0 s"
STORM_SECONDS = 40.0
RETURN_SECONDS = 15.0

#: What fails, and the files that make it fail; not imported here, where nothing is to fail.
MODULE = "tests.queue.survival.failing_starts"
SEATS_DIE = "seats-die"
NO_PROCESSES = "no-processes"


def count_starts(keeper: Keeper) -> int:
    return keeper.cluster.log.count("ready for work")


def test_seats_that_die_as_they_start_are_started_less_and_less_often(tmp_path: Path) -> None:
    trouble = tmp_path / SEATS_DIE
    trouble.touch()
    job_id = enqueue("run_marked", tmp_path / "marks", 0)
    with keep_cluster(tmp_path, "--seats", "2", PROCESSOR_MODULES=MODULE) as keeper:
        wait_for(lambda: LONGEST_WAIT in keeper.cluster.log, STORM_SECONDS, "no end of starts")
        assert count_starts(keeper) <= MOST_STARTS
        trouble.unlink()
        wait_until_done("run_marked", RETURN_SECONDS)
    job = Job.objects.get(pk=job_id)
    assert (job.state, outcomes_of(job)) == ("succeeded", [("succeeded", True)])


def test_a_cluster_that_gets_no_more_processes_waits_for_them(tmp_path: Path) -> None:
    trouble = tmp_path / NO_PROCESSES
    with keep_cluster(tmp_path, "--seats", "2", PROCESSOR_MODULES=MODULE) as keeper:
        keeper.wait_until_up()
        trouble.touch()
        for process in [*keeper.cluster.seats, keeper.cluster.supervisor]:
            process.kill()
        wait_for(lambda: "cannot be started" in keeper.cluster.log, RETURN_SECONDS, "not said")
        trouble.unlink()
        enqueue("run_marked", tmp_path / "marks", 0)
        wait_until_done("run_marked", RETURN_SECONDS)
        assert keeper.start_count == 1
