"""What a task leaves behind on a real cluster of one seat, and the task that comes after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from django_q.tasks import async_task

from processing.memory.usage import HAS_CHILDREN
from processing.models import Job
from tests.cluster import RunningCluster, run_cluster
from tests.queue.django_q2.outcomes import wait_for_end
from tests.queue.limit import tasks
from tests.queue.limit.conftest import LIMIT_MB
from tests.service import wait_for

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not HAS_CHILDREN, reason="the kernel tells of no children"),
]

CLUSTER = "leaver"
#: Each of the two fits into the limit; both together do not.
LEFT_MB, HELD_MB = 45, 25
END_SECONDS = 10.0


@pytest.fixture
def leaver(tmp_path: Path) -> Iterator[RunningCluster]:
    given = {"TASK_MEMORY_LIMIT_MB": str(LIMIT_MB), "MEMORY_QUOTA_MB": "1024"}
    with run_cluster(tmp_path, "--name", CLUSTER, "--seats", "1", **given) as cluster:
        yield cluster


def queue(task: Callable[..., object], *arguments: object) -> str:
    return str(async_task(task, *arguments, cluster=CLUSTER))


@pytest.mark.parametrize("leave", [tasks.leave_child, tasks.leave_thread])
def test_what_a_task_leaves_behind_does_not_count_for_the_next_one(
    leaver: RunningCluster, leave: Callable[..., object]
) -> None:
    first, second = queue(leave, LEFT_MB), queue(tasks.hold, HELD_MB, 1.0)
    pid = int(str(wait_for_end(first).result))
    job: Job = wait_for_end(second)
    assert (job.state, job.error_message, job.attempts) == ("succeeded", "", 1)
    wait_for(lambda: not psutil.pid_exists(pid), END_SECONDS, "what was left lives on")
    assert "its seat makes way for a new one" in leaver.log


def test_threads_and_children_that_end_with_their_task_cost_no_seat(
    leaver: RunningCluster,
) -> None:
    [seat] = leaver.seats
    for _ in range(5):
        assert wait_for_end(queue(tasks.run_child, 1, 0)).state == "succeeded"
        assert wait_for_end(queue(tasks.start_thread, 1)).state == "succeeded"
    assert [one.pid for one in leaver.seats] == [seat.pid]
