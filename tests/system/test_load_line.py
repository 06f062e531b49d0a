"""What a real cluster does when its machine comes close to the quota."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import pytest
from django_q.models import Schedule
from django_q.tasks import async_task

from processing.memory.usage import HAS_SMAPS, find_tree, read_total_bytes
from processing.models import Job, MemorySample
from processing.queue.options import job_options
from tests.cluster import RunningCluster, drain_queue, run_cluster
from tests.service import wait_for
from tests.system.ballast import MIB, Ballast

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not HAS_SMAPS, reason="only Linux tells what a process holds"),
]

QUOTA_MB = 512
#: For what the cluster does with its next reading of the memory, on a loaded machine.
SOON_SECONDS = 30.0
NUMBERS = r"memory: \d+ of 512 MB \((\d+\.\d) %\): "


def enqueue(task: str, *arguments: Any, **options: Any) -> UUID:
    given = [str(value) if isinstance(value, Path) else value for value in arguments]
    return UUID(async_task(f"tests.system.ballast.{task}", *given, **options))


def state_of(job_id: UUID) -> str:
    return str(Job.objects.values_list("state", flat=True).get(pk=job_id))


def wait_for_state(job_id: UUID, state: str) -> None:
    wait_for(lambda: state_of(job_id) == state, SOON_SECONDS, f"the job is not {state}")


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A cluster of two seats, with ballast."""

    cluster: RunningCluster
    ballast: Ballast
    folder: Path

    def fill(self, share: float) -> None:
        """Have this part of the quota in use."""
        used_bytes = read_total_bytes(find_tree(self.cluster.process.pid))
        others_bytes = used_bytes - max(0, self.ballast.held_bytes)
        wanted_bytes = int(share * QUOTA_MB * MIB) - others_bytes
        assert wanted_bytes > 0, f"without ballast {others_bytes} bytes are in use"
        self.ballast.ask(wanted_bytes)
        wait_for(lambda: self.ballast.held_bytes == wanted_bytes, SOON_SECONDS, "no ballast")

    def empty(self) -> None:
        """Hold no ballast."""
        self.ballast.ask(0)

    def begin(self, megabytes: int) -> tuple[UUID, Path]:
        """A task that runs and holds so much, and the file that ends it."""
        began, go = self.folder / f"began-{megabytes}", self.folder / f"go-{megabytes}"
        job_id = enqueue("grow", megabytes, began, go, **job_options(max_attempts=1))
        wait_for(began.exists, SOON_SECONDS, "the task does not begin")
        return job_id, go

    def wait_for_line(self, pattern: str) -> re.Match[str]:
        """The line of the log that is expected."""
        expected = re.compile(NUMBERS + pattern)
        wait_for(lambda: expected.search(self.cluster.log), SOON_SECONDS, f"no line {pattern!r}")
        found = expected.search(self.cluster.log)
        assert found is not None
        return found

    def wait_for_sample(self, action: str) -> MemorySample:
        """The sample of an action, which the log has too."""
        found = MemorySample.objects.filter(action=action)
        wait_for(found.exists, SOON_SECONDS, f"no sample {action!r}")
        sample: MemorySample = found.get()
        assert f"memory: {sample.detail}" in self.cluster.log
        assert sample.quota_bytes == QUOTA_MB * MIB
        return sample


@pytest.fixture(autouse=True)
def no_schedules() -> None:
    """Nothing takes a seat but the test's own tasks."""
    Schedule.objects.all().delete()


@contextmanager
def run_loaded(folder: Path) -> Iterator[Loaded]:
    ballast = Ballast(path=folder / "ballast")
    given = {"MEMORY_QUOTA_MB": str(QUOTA_MB), "WORKER_SEATS": "2", "BALLAST": str(ballast.path)}
    with run_cluster(folder, PROCESSOR_MODULES="tests.system.ballasted", **given) as cluster:
        wait_for(lambda: cluster.log.count("ready for work") == 2, SOON_SECONDS, "two seats")
        yield Loaded(cluster=cluster, ballast=ballast, folder=folder)


@pytest.fixture
def loaded(tmp_path: Path) -> Iterator[Loaded]:
    with run_loaded(tmp_path) as loaded:
        yield loaded


def test_above_85_percent_what_runs_goes_on_and_nothing_new_is_begun(loaded: Loaded) -> None:
    running, go = loaded.begin(2)
    loaded.fill(0.90)
    paused = loaded.wait_for_line("paused, no task is begun")
    assert float(paused[1]) >= 85
    waiting = enqueue("keep", 0)
    go.touch()
    wait_for_state(running, "succeeded")
    assert state_of(waiting) == "queued"
    loaded.empty()
    assert float(loaded.wait_for_line("resumed")[1]) < 80
    wait_for_state(waiting, "succeeded")
    assert loaded.wait_for_sample("pause").name == "cluster"
    loaded.wait_for_sample("resume")


def test_above_85_percent_an_idle_seat_that_has_grown_is_replaced(loaded: Loaded) -> None:
    wait_for_state(enqueue("keep", 10), "succeeded")
    loaded.fill(0.88)
    line = r"recycled seat (\d) \(pid (\d+)\), idle with \d+ MB, (\d+) MB above its start"
    _, number, pid, grown = loaded.wait_for_line(line).groups()
    assert 10 <= int(grown) < 16
    sample = loaded.wait_for_sample("recycle")
    assert (sample.name, sample.pid) == (f"seat {number}", int(pid))
    assert sample.used_bytes > 10 * MIB
    wait_for(lambda: not psutil.pid_exists(int(pid)), SOON_SECONDS, "the seat lives on")
    wait_for(lambda: len(loaded.cluster.seats) == 2, SOON_SECONDS, "there is no new seat")
    loaded.empty()
    wait_for_state(enqueue("keep", 0), "succeeded")


def test_at_97_percent_the_task_that_grew_most_is_stopped(loaded: Loaded) -> None:
    job_id, go = loaded.begin(20)
    loaded.fill(0.985)
    line = rf"stopped job {job_id.hex}:1 \(tests.system.ballast.grow\) in seat \d, grown most, by "
    assert float(loaded.wait_for_line(line)[1]) >= 97
    wait_for_state(job_id, "failed")
    job = Job.objects.get(pk=job_id)
    assert job.error_code == "memory_limit_exceeded"
    assert re.match(
        r"The worker's machine was at its line, \d+ of 512 MB \(9\d\.\d %\); of all tasks this had "
        r"grown most, by 2\d MB",
        job.error_message,
    )
    assert not go.exists()
    sample = loaded.wait_for_sample("stop")
    assert sample.name.startswith("seat ")
    loaded.empty()
    wait_for_state(enqueue("keep", 0), "succeeded")


def test_a_queue_moves_on_where_the_cluster_alone_is_more_than_the_quota(tmp_path: Path) -> None:
    jobs = [UUID(async_task("time.sleep", 1)) for _ in range(4)]
    log = drain_queue(tmp_path, MEMORY_QUOTA_MB="24", WORKER_SEATS="")
    assert {state_of(job) for job in jobs} == {"succeeded"}
    assert re.search(r"memory: \d+ of 24 MB \(\d{3}\.\d %\): nothing is left to free", log)


def test_a_task_that_leaks_is_named_and_each_process_is_sampled(tmp_path: Path) -> None:
    with run_cluster(tmp_path, WORKER_SEATS="1") as cluster:
        jobs = [enqueue("keep", 3) for _ in range(40)]
        wait_for_state(jobs[-1], "succeeded")
        leak = MemorySample.objects.filter(action="leak")
        wait_for(leak.exists, SOON_SECONDS, "no leak is named")
        sample = leak.get()
        recycled = MemorySample.objects.filter(action="recycle")
        wait_for(recycled.exists, SOON_SECONDS, "no seat made way")
        every_minute = MemorySample.objects.filter(action="")
        wait_for(every_minute.exists, SOON_SECONDS, "no process is sampled")
        names = set(every_minute.values_list("name", flat=True))
        log = cluster.log
        template_pid = cluster.process.pid
    named = r": the last 10 runs of tests\.system\.ballast\.keep each left their seat larger, by 3"
    assert re.search(named, sample.detail)
    assert f"memory: {sample.detail}" in log
    assert log.count("each left their seat larger") == 1
    assert (
        "made way for a new one after tests.system.ballast.keep, idle with"
        in recycled.earliest("at").detail
    )
    assert names == {"template", "supervisor", "seat 1"}
    template = MemorySample.objects.filter(name="template").earliest("at")
    assert (template.pid, template.type) == (template_pid, "worker")
    assert template.used_bytes > MIB
    assert template.usage_bytes > template.used_bytes
