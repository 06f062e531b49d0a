"""A database that is away for a while: the cluster waits for it, and does no task harm."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from processing.models import Job
from tests.queue.survival.keeper import Keeper, keep_cluster
from tests.queue.survival.marks import read_marks, wait_for_marks
from tests.queue.survival.outage import AT_START, IN_BETWEEN, Outage, make_outage
from tests.queue.survival.work import enqueue, outcomes_of, wait_until_done
from tests.service import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

AWAY = "tried again in"
#: Until it is noticed: SQLite is waited for 5 s, and so is a connection to PostgreSQL.
NOTICE_SECONDS = 25.0
#: Until the cluster is back: its longest wait is 5 s.
RETURN_SECONDS = 20.0


@pytest.fixture(params=AT_START[connection.vendor])
def early_outage(request: Any, transactional_db: None, tmp_path: Path) -> Iterator[Outage]:
    """An outage for a cluster that has not begun."""
    with make_outage(request.param, tmp_path) as outage:
        yield outage


@pytest.fixture(params=IN_BETWEEN[connection.vendor])
def outage(request: Any, transactional_db: None, tmp_path: Path) -> Iterator[Outage]:
    """An outage in the middle of the work."""
    with make_outage(request.param, tmp_path) as outage:
        yield outage


def wait_until_noticed(keeper: Keeper) -> None:
    wait_for(lambda: AWAY in keeper.cluster.log, NOTICE_SECONDS, "nobody noticed")


def test_a_cluster_that_starts_waits_for_its_database(
    early_outage: Outage, tmp_path: Path, marks: Path
) -> None:
    job_id = enqueue("run_marked", marks, 0)
    early_outage.begin()
    with keep_cluster(tmp_path, DATABASE_URL=early_outage.url) as keeper:
        wait_until_noticed(keeper)
        if early_outage.is_told_at_once:
            third = f"{AWAY} 0.4 s"
            wait_for(lambda: third in keeper.cluster.log, NOTICE_SECONDS, "no longer waits")
        early_outage.end()
        wait_until_done("run_marked", RETURN_SECONDS)
        assert keeper.start_count == 1
    assert outcomes_of(Job.objects.get(pk=job_id)) == [("succeeded", True)]


def test_tasks_that_run_are_not_harmed_and_settled_later(
    outage: Outage, tmp_path: Path, marks: Path, go: Path
) -> None:
    with keep_cluster(tmp_path, "--seats", "3", DATABASE_URL=outage.url) as keeper:
        jobs = [enqueue("run_until", marks, go, 60.0) for _ in range(2)]
        wait_for_marks(marks, "begin", 2)
        slow = enqueue("note_interrupt", marks, tmp_path / "never", timeout=2, ack_failure=True)
        wait_for_marks(marks, "begin", 3)
        supervisor = keeper.cluster.supervisor
        outage.begin()
        wait_for_marks(marks, "interrupted", 1)
        wait_until_noticed(keeper)
        go.touch()
        wait_for_marks(marks, "end", 2)
        assert Job.objects.live().filter(pk__in=[*jobs, slow]).count() == 3
        outage.end()
        wait_until_done("run_until", RETURN_SECONDS)
        wait_until_done("note_interrupt", RETURN_SECONDS)
        assert keeper.cluster.supervisor == supervisor
    for job in Job.objects.filter(pk__in=jobs):
        assert outcomes_of(job) == [("succeeded", True)]
    job = Job.objects.get(pk=slow)
    assert (job.state, outcomes_of(job)) == ("failed", [("timeout", True)])
    assert len(read_marks(marks, "begin")) == 3


def test_a_stop_does_not_wait_for_the_database(
    outage: Outage, tmp_path: Path, marks: Path, go: Path
) -> None:
    given = {"DATABASE_URL": outage.url, "SHUTDOWN_GRACE_SECONDS": "1"}
    with keep_cluster(tmp_path, "--seats", "2", **given) as keeper:
        enqueue("run_until", marks, go, 60.0)
        wait_for_marks(marks, "begin", 1)
        outage.begin()
        keeper.cluster.process.terminate()
        assert keeper.cluster.process.wait(15.0) == 0
