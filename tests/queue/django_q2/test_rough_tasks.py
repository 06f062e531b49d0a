"""Tasks that take liberties with their process: the cluster and its other tasks go on."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from django_q.models import Task
from django_q.tasks import async_task

from processing.models import Job
from tests.cluster import RunningCluster, run_cluster
from tests.queue.django_q2 import endless_tasks, hooks, rough_tasks, tasks
from tests.queue.django_q2.outcomes import (
    END_SECONDS,
    expect_next_tasks_to_run,
    read_texts,
    wait_for_end,
    wait_for_task,
    wait_until_all_is_done,
)
from tests.service import wait_for

#: More connections than the tasks of one test make.
SOCKET_COUNT = 64
READ_BYTES = 64 * 1024


@pytest.fixture(autouse=True)
def next_tasks_run(cluster: RunningCluster, settings: Any) -> Any:
    """Behind each test tasks run at their first attempt."""
    settings.TASK_MAX_ATTEMPTS = 2
    with expect_next_tasks_to_run(cluster):
        yield
    assert set(
        Job.objects.filter(function="tests.queue.django_q2.tasks.add").values_list("attempts")
    ) == {(1,)}


@pytest.mark.parametrize(
    "task",
    [
        rough_tasks.close_descriptors,
        rough_tasks.replace_descriptors,
        rough_tasks.replace_descriptors_by_sockets,
    ],
)
def test_a_task_that_closes_the_seats_socket_loses_its_seat_and_writes_nowhere(
    notes: str, task: Any
) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{notes}.socket")
        listener.listen(SOCKET_COUNT)
        job = wait_for_end(async_task(task, notes, hook=hooks.note_outcome))
        assert (job.state, job.error_code, job.attempts) == ("failed", "worker_lost", 2)
        assert "The process that ran the task died" in job.error_message
        wait_until_all_is_done()
        assert not read_all(listener)
    assert read_texts(notes) == ["attempt", "attempt", ["hook", False, job.error_message]]
    written = [path for path in Path(notes).parent.iterdir() if path.name != "notes"]
    assert all(path.stat().st_size == 0 for path in written)


def read_all(listener: socket.socket) -> bytes:
    """All that was sent to a socket, by those that are gone."""
    listener.settimeout(0)
    received = b""
    with suppress(BlockingIOError):
        while True:
            connection, _ = listener.accept()
            with connection:
                received += connection.recv(READ_BYTES)
    return received


@pytest.mark.parametrize("task", [rough_tasks.fork_and_return, rough_tasks.fork_and_raise])
def test_a_task_that_comes_back_in_two_processes_ends_once(notes: str, task: Any) -> None:
    row = wait_for_task(async_task(task, notes, hook=hooks.note_outcome))
    wait_until_all_is_done()
    assert (row.success, row.result, row.attempt_count) == (True, "parent", 1)
    hooked = [text for text in read_texts(notes) if isinstance(text, list)]
    assert hooked == [["hook", True, "parent"]]
    assert Job.objects.get(pk=row.id).deliveries == 1


def test_a_process_that_would_come_back_late_is_ended_with_its_seat(notes: str) -> None:
    child = wait_for_task(async_task(rough_tasks.fork_and_return_late, notes)).result
    assert wait_for_task(async_task(tasks.add, 1)).result == 1
    wait_for(lambda: has_ended(child), END_SECONDS, "the child is there")
    assert not read_texts(notes)
    assert Task.objects.count() == 2


def has_ended(pid: int) -> bool:
    """Whether a process has, or only waits for its parent to look at it."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize(
    ("task", "result"),
    [
        (rough_tasks.use_processes, 6),
        (rough_tasks.use_process_executor, 6),
        (rough_tasks.use_spawned_process, 0),
        (rough_tasks.use_threads, 45),
        (rough_tasks.leave_thread, "left"),
        (rough_tasks.use_event_loop, [0, 1, 2]),
        (rough_tasks.leave_event_loop, "left"),
        (rough_tasks.change_directory, "/"),
    ],
)
def test_a_task_may_use_processes_threads_and_event_loops(
    notes: str, task: Any, result: Any
) -> None:
    for _ in range(2):
        row = wait_for_task(async_task(task, notes))
        assert (row.success, row.result, row.attempt_count) == (True, result, 1), row.result


def test_what_a_task_leaves_behind_ends_with_its_seat_and_ends_no_other(
    tmp_path: Path, notes: str
) -> None:
    """One seat, so that all of it happens in one process."""
    with run_cluster(tmp_path, "--name", "rough", "--seats", "1") as cluster:
        [seat] = cluster.seats
        assert wait_for_task(queue_rough(rough_tasks.exit_on_signals, notes)).success
        slow = queue_rough(rough_tasks.find_process, 0.5)
        assert wait_for_task(slow).result == seat.pid, "the alarm ended it"
        waiting = queue_rough(tasks.note_and_wait, notes, "waits")
        wait_for(lambda: read_texts(notes), END_SECONDS, "it does not begin")
        os.kill(seat.pid, signal.SIGTERM)
        os.kill(seat.pid, signal.SIGHUP)
        Path(f"{notes}.go").touch()
        assert wait_for_end(waiting).attempts == 1
        job = wait_for_end(queue_rough(endless_tasks.sleep, notes, timeout=0.2))
        assert "killed" not in job.error_message
        program = wait_for_task(queue_rough(rough_tasks.leave_program, notes)).result
        wait_for(lambda: has_ended(program), END_SECONDS, "the program outlives its seat")


def queue_rough(task: Any, *arguments: Any, **options: Any) -> str:
    """Queue a task for the cluster of one seat."""
    return str(async_task(task, *arguments, cluster="rough", **options))
