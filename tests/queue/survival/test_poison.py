"""Jobs that would take a cluster down with them: they come to an end, and the others run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from processing.models import Job
from processing.models.states import SPARE_DELIVERIES
from tests.cluster import drain_queue
from tests.queue.survival.keeper import Keeper, keep_cluster
from tests.queue.survival.marks import read_marks
from tests.queue.survival.work import count_left, enqueue, outcomes_of, wait_until_done
from tests.service import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

#: A start of the cluster for each delivery that is left.
LEFT_COUNT = 4
POISON_SECONDS = 60.0
OTHERS_SECONDS = 15.0

#: Text that PostgreSQL does not store, and text that is in no encoding.
UNSTORABLE = ["a\0b", "a\ud800b"]


def is_poison_gone(keeper: Keeper) -> bool:
    keeper.look_after()
    return not count_left("kill_template")


def test_a_job_that_kills_its_cluster_fails_in_the_end(settings: Any, tmp_path: Path) -> None:
    settings.TASK_MAX_ATTEMPTS = 1
    job_id = enqueue("kill_template", tmp_path / "marks")
    most = 1 + SPARE_DELIVERIES
    Job.objects.filter(pk=job_id).update(deliveries=most - LEFT_COUNT)
    with keep_cluster(tmp_path, "--seats", "1") as keeper:
        wait_for(lambda: is_poison_gone(keeper), POISON_SECONDS, "the poison did not end")
        enqueue("run_marked", tmp_path / "others", 0)
        wait_until_done("run_marked", OTHERS_SECONDS)
    job = Job.objects.get(pk=job_id)
    assert (job.state, job.error_code, job.attempts) == ("failed", "worker_lost", 0)
    assert job.deliveries == job.delivery_limit == most
    assert outcomes_of(job) == [("worker_lost", False)] * LEFT_COUNT
    assert len(read_marks(tmp_path / "marks")) == LEFT_COUNT
    assert len(read_marks(tmp_path / "others", "end")) == 1


@pytest.mark.parametrize("group", UNSTORABLE)
def test_what_no_database_stores_fails_its_own_job_alone(group: str, tmp_path: Path) -> None:
    bad = enqueue("run_marked", tmp_path / "marks", 0, group=group)
    good = [enqueue("run_marked", tmp_path / "marks", 0) for _ in range(20)]
    log = drain_queue(tmp_path, "--seats", "1")
    assert "a process of the cluster broke" not in log
    assert set(Job.objects.filter(pk__in=good).values_list("state", "deliveries")) == {
        ("succeeded", 1)
    }
    job = Job.objects.get(pk=bad)
    assert job.deliveries == 1
    assert job.state == "succeeded" or "cannot be stored" in job.error_message
