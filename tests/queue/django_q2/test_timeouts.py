"""Timeouts of tasks, and who is not touched by them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django_q.tasks import async_task

from processing.models import Job
from tests.cluster import RunningCluster
from tests.queue.django_q2 import endless_tasks, hooks, tasks
from tests.queue.django_q2.outcomes import (
    END_SECONDS,
    read_notes,
    read_texts,
    wait_for_end,
    wait_for_task,
    wait_until_all_is_done,
)
from tests.service import wait_for

pytestmark = pytest.mark.usefixtures("one_attempt")

#: What the machine may add to a timeout, in seconds.
SLACK_SECONDS = 2.0


def find_seconds(job: Job) -> float:
    """How long the last delivery of a job took."""
    last = job.past_deliveries[-1]
    began, ended = (datetime.fromisoformat(last[key]) for key in ("started_at", "ended_at"))
    return (ended - began).total_seconds()


@pytest.mark.parametrize("timeout", [None, 0, -1])
def test_a_task_may_take_for_ever(cluster: RunningCluster, timeout: float | None) -> None:
    task_id = async_task(tasks.add, 1, 2, timeout=timeout)
    assert wait_for_task(task_id).result == 3
    assert Job.objects.get(pk=task_id).timeout_seconds is None


@pytest.mark.parametrize("options", [{"timeout": 1.5}, {"q_options": {"timeout": 1.5}}])
def test_a_timeout_need_not_be_whole(
    cluster: RunningCluster, notes: str, options: dict[str, Any]
) -> None:
    task_id = async_task(endless_tasks.sleep, notes, **options)
    row = wait_for_task(task_id)
    job = Job.objects.get(pk=task_id)
    assert (job.state, job.error_code) == ("failed", "timeout")
    assert job.error_message == "Task exceeded maximum timeout value (1.5 seconds)"
    assert "time.sleep" in job.error_traceback
    assert 1.5 <= find_seconds(job) < 1.5 + SLACK_SECONDS
    assert row.success is False
    assert row.result.startswith("Task exceeded maximum timeout value (1.5 seconds) : Traceback")


@pytest.mark.usefixtures("cluster")
def test_whatever_a_task_waits_for_it_is_ended_and_not_killed(notes: str) -> None:
    waiting = [
        endless_tasks.spin,
        endless_tasks.catch_exceptions,
        endless_tasks.await_sleep,
        endless_tasks.wait_for_thread,
        endless_tasks.wait_for_program,
        endless_tasks.sleep_in_c,
    ]
    ids = [async_task(task, notes, timeout=0.5, hook=hooks.note_outcome) for task in waiting]
    for task_id in ids:
        job = wait_for_end(task_id)
        assert (job.error_code, job.attempts) == ("timeout", 1)
        assert job.error_message == "Task exceeded maximum timeout value (0.5 seconds)"
        assert 0.5 <= find_seconds(job) < 0.5 + SLACK_SECONDS
    wait_until_all_is_done()
    hooked = ["hook", False, "Task exceeded maximum timeout value (0.5 seconds)"]
    assert read_texts(notes).count("began") == len(waiting)
    assert read_texts(notes).count(hooked) == len(waiting)


def test_a_task_that_goes_on_is_killed(cluster: RunningCluster, notes: str) -> None:
    stubborn = [
        endless_tasks.catch_everything,
        endless_tasks.hold_interpreter,
        endless_tasks.take_all_signals,
    ]
    ids = [async_task(task, notes, timeout=0.2, hook=hooks.note_outcome) for task in stubborn]
    message = "Task exceeded maximum timeout value (0.2 seconds); it went on and was killed."
    for task_id in ids:
        job = wait_for_end(task_id)
        assert (job.error_code, job.error_message) == ("timeout", message)
        assert 2.2 <= find_seconds(job) < 2.2 + SLACK_SECONDS
        assert wait_for_task(task_id).result == message
    wait_until_all_is_done()
    assert read_texts(notes).count(["hook", False, message]) == len(stubborn)
    assert read_texts(notes).count("signal") >= 2, "the interrupt is repeated"
    assert len(cluster.seats) == 2


def test_a_neighbour_is_not_touched(cluster: RunningCluster, notes: str) -> None:
    neighbour = async_task(tasks.note_and_wait, notes, "neighbour", timeout=30)
    wait_for(lambda: read_texts(notes), END_SECONDS, "it does not begin")
    for number in range(2):
        late = async_task(endless_tasks.sleep, f"{notes}.{number}", timeout=0.2)
        assert wait_for_end(late).error_code == "timeout"
        assert Job.objects.get(pk=neighbour).state == "running"
    Path(f"{notes}.go").touch()
    assert wait_for_task(neighbour).result == "neighbour"
    seat_pids = {seat.pid for seat in cluster.seats}
    assert read_notes(notes)[0]["pid"] in seat_pids
    assert read_notes(f"{notes}.1")[0]["pid"] not in seat_pids, "that seat was replaced"


@pytest.mark.usefixtures("cluster")
def test_a_task_that_took_too_long_is_attempted_again(notes: str, settings: Any) -> None:
    settings.TASK_MAX_ATTEMPTS = 2
    row = wait_for_task(async_task(tasks.sleep_once, notes, timeout=0.5, hook=hooks.note_outcome))
    wait_until_all_is_done()
    assert (row.success, row.result, row.attempt_count) == (True, "attempt 2", 2)
    assert read_texts(notes) == ["attempt", "attempt", ["hook", True, "attempt 2"]]
