"""Seats that were given several short tasks ahead: none of these pays for the one before it."""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django_q.tasks import async_task

from processing.models import Job
from tests.queue.survival.keeper import keep_cluster
from tests.queue.survival.marks import read_marks
from tests.queue.survival.work import enqueue, outcomes_of, wait_until_done
from tests.service import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

#: So many short tasks show the cluster that it can give a seat several at once.
BEFORE_COUNT = 400
SHORT_SECONDS = 0.001
LONG_SECONDS = 3.0
BEHIND_COUNT = 100
#: Long enough that the supervisor has taken back what waits behind it.
MEDIUM_SECONDS = 0.3
#: A few of these are more than a socket holds.
BULKY_BYTES = 32 * 1024
BULKY_COUNT = 60
DONE_SECONDS = 20.0


def queue_short(marks: Path, count: int) -> list[UUID]:
    return [enqueue("run_marked", marks, SHORT_SECONDS) for _ in range(count)]


def count_begun(marks: Path) -> Counter[UUID]:
    """How often each job of these marks was begun."""
    return Counter(mark.job_id for mark in read_marks(marks, "begin"))


def test_short_tasks_behind_a_long_one_are_done_by_the_other_seat_meanwhile(
    tmp_path: Path,
) -> None:
    marks = tmp_path / "marks"
    with keep_cluster(tmp_path, "--seats", "2"):
        with transaction.atomic():
            before = queue_short(marks, BEFORE_COUNT)
            long_id = enqueue("run_marked", marks, LONG_SECONDS)
            behind = queue_short(marks, BEHIND_COUNT)
        wait_until_done("run_marked", DONE_SECONDS)
    assert count_begun(marks) == Counter([*before, long_id, *behind])
    begun = {mark.job_id: mark for mark in read_marks(marks, "begin")}
    ended = {mark.job_id: mark for mark in read_marks(marks, "end")}
    long = begun[long_id]
    others = [ended[job_id] for job_id in (*before, *behind)]
    assert max(mark.at for mark in others) < long.at + LONG_SECONDS / 2
    assert long.pid not in {mark.pid for mark in others if mark.at > long.at}
    jobs = Job.objects.filter(pk__in=[*before, long_id, *behind])
    assert set(jobs.values_list("state", "attempts", "deliveries")) == {("succeeded", 1, 1)}


def test_a_seat_goes_on_behind_packages_that_were_taken_back_and_fill_its_socket(
    tmp_path: Path,
) -> None:
    random = Random(1)
    with keep_cluster(tmp_path, "--seats", "1"):
        with transaction.atomic():
            queue_short(tmp_path / "marks", BEFORE_COUNT)
            enqueue("run_marked", tmp_path / "marks", MEDIUM_SECONDS)
            for _ in range(BULKY_COUNT):
                async_task("builtins.len", random.randbytes(BULKY_BYTES))
        wait_for(lambda: not Job.objects.live().exists(), DONE_SECONDS, "the seat hangs")
    jobs = Job.objects.filter(function="builtins.len")
    assert set(jobs.values_list("state", "attempts", "deliveries")) == {("succeeded", 1, 1)}


def test_of_the_tasks_in_the_hands_of_a_seat_only_the_one_that_kills_it_is_charged(
    settings: Any, tmp_path: Path
) -> None:
    settings.TASK_MAX_ATTEMPTS = 1
    marks = tmp_path / "marks"
    with keep_cluster(tmp_path, "--seats", "1"):
        with transaction.atomic():
            others = queue_short(marks, BEFORE_COUNT)
            deadly = enqueue("die_by_signal", marks, int(signal.SIGKILL))
            others += queue_short(marks, BEHIND_COUNT)
        wait_until_done("run_marked", DONE_SECONDS)
        wait_until_done("die_by_signal", DONE_SECONDS)
    assert count_begun(marks) == Counter([*others, deadly])
    jobs = Job.objects.filter(pk__in=others)
    assert set(jobs.values_list("state", "attempts", "deliveries")) == {("succeeded", 1, 1)}
    job = Job.objects.get(pk=deadly)
    assert (job.state, job.error_code, job.attempts) == ("failed", "worker_lost", 1)
    assert outcomes_of(job) == [("worker_lost", True)]
